# SPDX-License-Identifier: Apache-2.0
"""Constants and struct layouts of a target, read from its own headers as zig carries them.

A C file with one `const long long` per value is compiled to assembly for the target; nothing is
run. The result is a header for translate.c and the shims:

    MAP_<GROUP>(X)   X(name, foreign value) for every name of the group that the target defines
    FK_<name>        one foreign constant
    FS_<struct>, FO_<struct>_<field>, FZ_<struct>_<field>   size, offset of a field, size of a field
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

GROUPS = {
    "ERR": "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES "
    "EFAULT EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY EFBIG ENOSPC "
    "ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP "
    "EOVERFLOW EILSEQ ETIMEDOUT EINPROGRESS",
    "OPEN": "O_CREAT O_EXCL O_TRUNC O_APPEND O_NONBLOCK O_CLOEXEC O_DIRECTORY O_NOFOLLOW",
    "MMAP": "MAP_SHARED MAP_PRIVATE MAP_FIXED MAP_ANON MAP_NORESERVE",
    "MADVISE": "MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED",
    "SYSCONF": "_SC_PAGESIZE _SC_NPROCESSORS_ONLN _SC_NPROCESSORS_CONF _SC_PHYS_PAGES "
    "_SC_AVPHYS_PAGES",
    "CLOCK": "CLOCK_REALTIME CLOCK_MONOTONIC",
    "MISC": "F_GETFL F_SETFL F_GETFD F_SETFD",
}
HEADERS = "errno.h fcntl.h sys/types.h sys/mman.h unistd.h time.h sys/stat.h stdio.h stddef.h"
STAT_FIELDS = (
    "st_dev st_ino st_mode st_nlink st_uid st_gid st_rdev st_size st_blksize st_blocks st_mtime"
)


def source() -> str:
    """The C file whose constants are the answer."""
    lines = [f"#include <{name}>" for name in HEADERS.split()]
    for names in GROUPS.values():
        for name in names.split():
            lines += [
                f"#ifdef {name}",
                f"const long long K_{name} = (long long)({name});",
                "#endif",
            ]
    lines.append("const long long S_stat = sizeof(struct stat);")
    for field in STAT_FIELDS.split():
        lines.append(f"const long long O_stat_{field} = offsetof(struct stat, {field});")
        lines.append(f"const long long Z_stat_{field} = sizeof(((struct stat *)0)->{field});")
    # OpenBSD keeps FILE opaque; its stdin, stdout and stderr are addresses of their own.
    lines += ["#ifndef __OpenBSD__", "const long long S_FILE = sizeof(FILE);", "#endif"]
    return "\n".join(lines) + "\n"


def parse(assembly: str) -> dict[str, int]:
    """Values of all K_, S_, O_ and Z_ symbols in clang's assembly."""
    values: dict[str, int] = {}
    current = None
    for line in assembly.splitlines():
        if label := re.match(r"_?([KSOZ]_\w+):", line):
            current = label[1]
        elif current and (word := re.match(r"\s+\.(?:quad|xword|8byte)\s+(-?\w+)", line)):
            values[current] = int(word[1], 0)
            current = None
        elif current and re.match(r"\s+\.(?:space|zero|skip)\s+8", line):
            values[current] = 0
            current = None
        elif zero := re.match(r"\.zerofill .*?,_([KSOZ]_\w+),8", line):
            values[zero[1]] = 0
    return values


def header(values: dict[str, int]) -> str:
    """The generated header's text."""
    lines = []
    for group, names in GROUPS.items():
        rows = [f"X({n}, {values['K_' + n]})" for n in names.split() if "K_" + n in values]
        lines.append(f"#define MAP_{group}(X) {' '.join(rows)}")
    lines += [f"#define F{name} {value}" for name, value in sorted(values.items())]
    return "\n".join(lines) + "\n"


def generate(zig: Path, triple: str, out: Path) -> None:
    """Writes the header for `triple` to `out`."""
    code, assembly = out.with_suffix(".c"), out.with_suffix(".s")
    code.write_text(source())
    subprocess.run(
        [zig, "cc", "-target", triple, "-O1", "-S", "-Qunused-arguments", "-o", assembly, code],
        check=True,
    )
    values = parse(assembly.read_text())
    missing = {"K_ENOENT", "K_O_CREAT", "K_MAP_PRIVATE", "S_stat"} - values.keys()
    if missing:
        raise ValueError(f"{triple}: headers define no {', '.join(sorted(missing))}")
    out.write_text(header(values))
