# SPDX-License-Identifier: Apache-2.0
"""Tiny 64-bit ELF executables: one segment, perhaps a loader's name and a system's note."""

from __future__ import annotations

import struct

X86_64, AARCH64, RISCV = 62, 183, 243
EXEC, DYN, REL = 2, 3, 1
LOADERS = {
    X86_64: b"/lib64/ld-linux-x86-64.so.2",
    AARCH64: b"/lib/ld-linux-aarch64.so.1",
}
_LOAD, _INTERP, _NOTE = 1, 3, 4


def make_elf(
    *, machine=X86_64, kind=EXEC, loader=None, note=None, size=600, entry=0x401000, fill=b"\x90"
) -> bytes:
    """`note` is the name of a BSD, `loader` a dynamic loader's path, `size` that of the file."""
    count = 1 + bool(loader) + bool(note)
    at = 64 + 56 * count
    segments, tail = [], b""
    if loader:
        segments.append((_INTERP, at, len(loader) + 1))
        tail += loader + b"\0"
        tail += bytes(-len(tail) % 4)
    if note:
        name = note + b"\0"
        body = struct.pack("<III", len(name), 4, 1) + name + bytes(-len(name) % 4)
        body += struct.pack("<I", 1400097)  # the version of the system
        segments.append((_NOTE, at + len(tail), len(body)))
        tail += body
    size = max(size, at + len(tail))
    segments.append((_LOAD, 0, size))
    header = struct.pack(
        "<4s5B7xHHIQQQIHHHHHH",
        b"\x7fELF", 2, 1, 1, 0, 0,  # 64-bit, little-endian, version 1, SysV, ABI 0
        kind, machine, 1, entry,
        64, 0,  # program headers follow, no sections
        0, 64, 56, count, 64, 0, 0,
    )  # fmt: skip
    table = b"".join(
        struct.pack("<IIQQQQQQ", t, 5, offset, 0x400000 + offset, 0, n, n, 0x1000 if t == 1 else 4)
        for t, offset, n in segments
    )
    return (header + table + tail).ljust(size, fill)
