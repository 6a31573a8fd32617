# SPDX-License-Identifier: Apache-2.0
"""The systems we build for, one row each.

The name of a row is the word used everywhere: on the scons command line, in `ape link`, in the
zip members of the product and in the tests. The zig triple beside it names the oldest system
that the executable runs on. Adding a target is adding a row here.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One system that an executable is built for."""

    name: str  # our word for it: <arch>-linux-<libc>, else <arch>-<os>
    arch: str  # x86_64 or aarch64
    os: str  # linux, macos, windows, freebsd, netbsd, openbsd
    triple: str  # what zig's -target takes
    libs: tuple[str, ...]  # linker options
    suffix: str = ""  # of the executable

    @property
    def posix(self) -> bool:
        """Whether platform/*_posix.c belongs to this system (else *_win32.c)."""
        return self.os != "windows"


def _linux_musl(arch: str) -> Target:
    # Static: the payload that runs on every kernel, in empty containers too.
    libs = ("-static", "-lm", "-lpthread")
    return Target(f"{arch}-linux-musl", arch, "linux", f"{arch}-linux-musl", libs)


def _linux_gnu(arch: str) -> Target:
    # Dynamic, since only a dynamic program can load a GPU driver. 2.17 is RHEL 7's glibc,
    # the oldest that existed for aarch64.
    libs = ("-lm", "-lpthread", "-ldl")
    return Target(f"{arch}-linux-gnu", arch, "linux", f"{arch}-linux-gnu.2.17", libs)


def _macos(arch: str, oldest: str) -> Target:
    # The version is said because zig's default is the newest macOS. Threads, maths and dlopen
    # are all in libSystem.
    return Target(f"{arch}-macos", arch, "macos", f"{arch}-macos.{oldest}", ())


def _windows(arch: str) -> Target:
    # Sockets, and CommandLineToArgvW. The C library is the UCRT of Windows 10.
    libs = ("-lws2_32", "-lshell32", "-Wl,--subsystem,console")
    return Target(f"{arch}-windows", arch, "windows", f"{arch}-windows-gnu", libs, ".exe")


def _bsd(arch: str, os: str, oldest: str) -> Target:
    # Always dynamic: zig has stubs of the BSDs' libraries only. The oldest versions are zig's.
    return Target(f"{arch}-{os}", arch, os, f"{arch}-{os}.{oldest}", ("-lm", "-lpthread"))


TARGETS: tuple[Target, ...] = (
    _linux_musl("x86_64"),
    _linux_musl("aarch64"),
    _linux_gnu("x86_64"),
    _linux_gnu("aarch64"),
    _macos("x86_64", "10.15"),
    _macos("aarch64", "11.0"),
    _windows("x86_64"),
    _windows("aarch64"),
    _bsd("x86_64", "freebsd", "14.0"),
    _bsd("aarch64", "freebsd", "14.0"),
    _bsd("x86_64", "netbsd", "10.1"),
    _bsd("aarch64", "netbsd", "10.1"),
    _bsd("x86_64", "openbsd", "7.8"),
    _bsd("aarch64", "openbsd", "7.8"),
)

BY_NAME: dict[str, Target] = {target.name: target for target in TARGETS}

# What people type for an architecture or a system; used on user input only.
ALIASES: dict[str, str] = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "arm64": "aarch64",
    "darwin": "macos",
    "osx": "macos",
    "win32": "windows",
    "win": "windows",
}


def find(word: str) -> Target:
    """Return the target that `word` names, aliases allowed; KeyError if there is none."""
    return BY_NAME["-".join(ALIASES.get(part, part) for part in word.split("-"))]


def parse(words: str) -> tuple[Target, ...]:
    """Return the targets of a comma-separated list in table order; `all` is all of them."""
    if words == "all":
        return TARGETS
    chosen = {find(word) for word in words.split(",")}
    return tuple(target for target in TARGETS if target in chosen)


def host() -> Target | None:
    """Return the target whose programs run on this machine by themselves, None if there is none.

    On Linux that is the static build, which needs nothing of the machine.
    """
    os = platform.system().lower()
    try:
        return find(f"{platform.machine().lower()}-{os}{'-musl' if os == 'linux' else ''}")
    except KeyError:
        return None


def runnable() -> tuple[Target, ...]:
    """Return the targets whose C tests this machine can run: its own, and ARM Linux by qemu."""
    return tuple(t for t in TARGETS if t == host() or t.name == "aarch64-linux-musl")
