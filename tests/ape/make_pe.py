# SPDX-License-Identifier: Apache-2.0
"""Tiny PE32+ images, each field by hand: valid by default, wrong where a test asks for it."""

from __future__ import annotations

import struct

AMD64, ARM64, I386 = 0x8664, 0xAA64, 0x14C
EXECUTABLE, DLL = 0x22, 0x2022


def make_pe(
    *,
    machine=AMD64,
    flags=EXECUTABLE,
    file_alignment=512,
    section_alignment=4096,
    start=0x80,
    headers_size=None,
    symbols=False,
    empty_section=False,
    certificate=False,
    section_size=512,
    fill=b"\xcc",
) -> bytes:
    """One section .text of `section_size` bytes that begins with the letters `code`."""
    sections = 2 if empty_section else 1
    headers_end = start + 24 + 240 + 40 * sections
    first = headers_size or -(-headers_end // file_alignment) * file_alignment
    body = b"code".ljust(section_size, fill)
    raw_size = -(-section_size // file_alignment) * file_alignment
    image_end = 0x1000 + -(-section_size // 0x1000) * 0x1000
    image = bytearray(first)
    image[0:2] = b"MZ"
    struct.pack_into("<I", image, 0x3C, start)
    image[start : start + 4] = b"PE\0\0"
    struct.pack_into(
        "<HHIIIHH", image, start + 4,
        machine, sections,
        0,  # time
        first + 0x200 if symbols else 0,  # PointerToSymbolTable
        0,  # NumberOfSymbols
        240, flags,
    )  # fmt: skip
    struct.pack_into(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", image, start + 24,
        0x20B, 14, 0,
        raw_size, 0, 0,  # sizes of code and data
        0x1000, 0x1000,  # entry point, base of code
        0x140000000, section_alignment, file_alignment,
        6, 0, 0, 0, 6, 0, 0,  # versions
        image_end + 0x1000, first, 0x1234,  # SizeOfImage, SizeOfHeaders, CheckSum
        3, 0x8160,  # console, usual DLL characteristics
        0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    )  # fmt: skip
    if certificate:
        struct.pack_into("<II", image, start + 24 + 112 + 4 * 8, first + raw_size, 8)
    table = start + 24 + 240
    struct.pack_into(
        "<8sIIIIIIHHI", image, table,
        b".text", section_size, 0x1000, raw_size, first, 0, 0, 0, 0, 0x60000020,
    )  # fmt: skip
    if empty_section:
        struct.pack_into(
            "<8sIIIIIIHHI", image, table + 40,
            b".bss", 64, image_end, 0, first + raw_size, 0, 0, 0, 0, 0xC0000080,
        )  # fmt: skip
    tail = bytes(8) if certificate else b""
    return bytes(image) + body.ljust(raw_size, b"\0") + tail
