# SPDX-License-Identifier: Apache-2.0
"""Tiny thin 64-bit Mach-O executables: __TEXT with one section, __LINKEDIT, a main, a version."""

from __future__ import annotations

import struct

X86_64, ARM64 = 0x01000007, 0x0100000C
EXECUTE, DYLIB = 2, 6
MACOS, IOS = 1, 2


def make_macho(
    *, cpu=ARM64, kind=EXECUTE, platform=MACOS, room=64, text=0x4000, linkedit=100, fill=b"\x1f"
) -> bytes:
    """`room` bytes are free between the load commands and the only section."""
    page = 0x4000 if cpu == ARM64 else 0x1000
    commands = [
        _segment(b"__PAGEZERO", 0, 1 << 32, 0, 0),
        b"",  # __TEXT, once the commands' size is known
        _segment(b"__LINKEDIT", (1 << 32) + text, -(-linkedit // page) * page, text, linkedit),
        struct.pack("<IIQQ", 0x80000028, 24, 0x1000, 0),  # LC_MAIN
        struct.pack("<IIIIII", 0x32, 24, platform, 0x000B0000, 0x000B0000, 0),  # LC_BUILD_VERSION
    ]
    size = sum(map(len, commands)) + 72 + 80
    start = 32 + size + room  # of the section
    section = struct.pack(
        "<16s16sQQIIIIIIII", b"__text", b"__TEXT",
        (1 << 32) + start, text - start, start, 4, 0, 0, 0x80000400, 0, 0, 0,
    )  # fmt: skip
    commands[1] = _segment(b"__TEXT", 1 << 32, text, 0, text, section)
    header = struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, kind, len(commands), size, 0x85, 0)
    head = header + b"".join(commands)
    return (head + bytes(room)).ljust(text, fill) + fill * linkedit


def make_fat(thin: bytes) -> bytes:
    """A universal file with one half."""
    cpu = struct.unpack_from("<I", thin, 4)[0]
    head = struct.pack(">IIIIIII", 0xCAFEBABE, 1, cpu, 0, 0x4000, len(thin), 14)
    return head.ljust(0x4000, b"\0") + thin


def _segment(name, address, memory, offset, size, section=b""):
    count = 1 if section else 0
    return struct.pack(
        "<II16sQQQQiiII", 0x19, 72 + len(section), name, address, memory, offset, size,
        5, 5, count, 0,
    ) + section  # fmt: skip
