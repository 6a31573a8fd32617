# SPDX-License-Identifier: Apache-2.0
"""Builds the loaders `foreign-<target>` into a directory, each once per change of its sources."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.foreign import constants
from toolchain.targets import TARGETS, Target

HERE = Path(__file__).parent
SYSTEMS = {
    "freebsd": ("FreeBSD", "/libexec/ld-elf.so.1"),
    "netbsd": ("NetBSD", "/libexec/ld.elf_so"),
    "openbsd": ("OpenBSD", "/usr/libexec/ld.so"),
    "macos": ("macOS", ""),
}
FOREIGN = tuple(target for target in TARGETS if target.os in SYSTEMS)
COMMON = [
    "main",
    "tls",
    "translate",
    "resolve",
    "shims_stdio",
    "shims_files",
    "shims_threads",
    "shims_start",
    "shims_aliases",
]
FLAGS = ["-std=gnu11", "-O1", "-g0", "-D_GNU_SOURCE", "-fno-stack-protector", "-fno-sanitize=all"]
FLAGS += ["-Wall", "-Wextra", "-Werror"]

# Static, so that qemu needs no libraries, and at a base out of the way of programs that are linked
# for a fixed low address. On x86-64 dynamic, because zig's static libc has a thread-local variable
# that would lie between ours and the thread pointer (see tls.c).
HOSTS = {
    "x86_64": ["-target", "x86_64-linux-gnu.2.31", "-fPIE", "-pie"],
    "aarch64": ["-target", "aarch64-linux-musl", "-Wl,--image-base=0x60000000"],
}


def definitions(target: Target, header: Path) -> list[str]:
    """Preprocessor definitions that choose a system."""
    name, interpreter = SYSTEMS[target.os]
    chosen = [f'-DCONSTANTS="{header}"', f'-DSYSTEM="{name}"']
    return [*chosen, f'-DINTERPRETER="{interpreter}"'] if interpreter else [*chosen, "-DMACHO"]


def loader(zig: Path, target: Target, out_dir: Path) -> Path:
    """Build one loader and return its path."""
    out_dir = out_dir.resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    out = out_dir / f"foreign-{target.name}"
    names = [*COMMON, "macho" if target.os == "macos" else "elf"]
    sources = [HERE / f"{name}.c" for name in names]
    inputs = [*sources, HERE / "loader.h", HERE / "constants.py", HERE / "build.py"]
    if out.exists() and out.stat().st_mtime > max(path.stat().st_mtime for path in inputs):
        return out
    header = out_dir / f"constants-{target.name}.h"
    constants.generate(zig, target.triple, header)
    command = [zig, "cc", *HOSTS[target.arch], *FLAGS, f"-I{HERE}", *definitions(target, header)]
    subprocess.run([*command, "-o", out, *sources, "-lm", "-lpthread"], check=True)
    return out
