# SPDX-License-Identifier: Apache-2.0
"""The systems a polyglot can carry a program for: one row each (FORMAT 1).

`uname` are the shell patterns of what `uname -sm` prints there; a row without them is started by
the system itself (Windows). Rows of the same patterns are tried in order: `loader` is the file
whose absence rules a row out before its program is unpacked.
"""

from __future__ import annotations

from dataclasses import dataclass

from ape.errors import OptionError


@dataclass(frozen=True)
class Target:
    name: str
    format: str  # ELF, MACHO or PE
    machine: str  # x86_64 or aarch64
    system: str  # as inputs.py recognises it
    uname: str = ""
    loader: str = ""

    def member(self, program: str) -> str:
        """The zip member that holds this target's program."""
        suffix = ".exe" if self.format == "PE" else ""
        return f"native/{self.name}/{program}{suffix}"


HEAD_TARGET = "x86_64-windows"  # its PE is the head of the file, not a member

_LINUX_X86 = '"Linux x86_64" | "Linux amd64"'
_LINUX_ARM = '"Linux aarch64" | "Linux arm64"'

_ROWS = (
    Target(
        "x86_64-linux-gnu", "ELF", "x86_64", "linux-gnu", _LINUX_X86, "/lib64/ld-linux-x86-64.so.2"
    ),
    Target("x86_64-linux-musl", "ELF", "x86_64", "linux-static", _LINUX_X86),
    Target(
        "aarch64-linux-gnu", "ELF", "aarch64", "linux-gnu", _LINUX_ARM, "/lib/ld-linux-aarch64.so.1"
    ),
    Target("aarch64-linux-musl", "ELF", "aarch64", "linux-static", _LINUX_ARM),
    Target("x86_64-macos", "MACHO", "x86_64", "macos", '"Darwin x86_64"'),
    Target("aarch64-macos", "MACHO", "aarch64", "macos", '"Darwin arm64"'),
    Target("x86_64-windows", "PE", "x86_64", "windows"),
    Target("aarch64-windows", "PE", "aarch64", "windows"),
    Target("x86_64-freebsd", "ELF", "x86_64", "freebsd", '"FreeBSD amd64"'),
    Target("aarch64-freebsd", "ELF", "aarch64", "freebsd", '"FreeBSD arm64" | "FreeBSD aarch64"'),
    Target("x86_64-netbsd", "ELF", "x86_64", "netbsd", '"NetBSD amd64" | "NetBSD x86_64"'),
    Target("aarch64-netbsd", "ELF", "aarch64", "netbsd", '"NetBSD evbarm aarch64"'),
    Target("x86_64-openbsd", "ELF", "x86_64", "openbsd", '"OpenBSD amd64"'),
    Target("aarch64-openbsd", "ELF", "aarch64", "openbsd", '"OpenBSD arm64"'),
)

TARGETS = {row.name: row for row in _ROWS}


def find_target(name: str) -> Target:
    if name not in TARGETS:
        raise OptionError(f"unknown target '{name}'; the targets are: {', '.join(TARGETS)}")
    return TARGETS[name]
