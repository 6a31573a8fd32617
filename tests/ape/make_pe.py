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
    count = 2 if empty_section else 1
    headers_end = start + 24 + 240 + 40 * count
    first = headers_size or _round(headers_end, file_alignment)
    raw_size = _round(section_size, file_alignment)
    image_end = 0x1000 + _round(section_size, 0x1000)
    head = bytearray(first)
    head[0:2] = b"MZ"
    struct.pack_into("<I", head, 0x3C, start)
    header = _file_header(machine, count, first + 0x200 if symbols else 0, flags)
    header += _optional_header(
        raw_size, section_alignment, file_alignment, image_end + 0x1000, first,
        (first + raw_size, 8) if certificate else (0, 0),
    )  # fmt: skip
    header += _section(b".text", section_size, 0x1000, raw_size, first)
    if empty_section:
        header += _section(b".bss", 64, image_end, 0, first + raw_size)
    head[start : start + len(header)] = header
    body = b"code".ljust(section_size, fill).ljust(raw_size, b"\0")
    return bytes(head) + body + (bytes(8) if certificate else b"")


def _round(number, step):
    return -(-number // step) * step


def _file_header(machine, sections, symbol_table, flags):
    return b"PE\0\0" + struct.pack("<HHIIIHH", machine, sections, 0, symbol_table, 0, 240, flags)


def _optional_header(code, section_alignment, file_alignment, image, headers, certificate):
    fields = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        0x20B, 14, 0,
        code, 0, 0,  # sizes of code and data
        0x1000, 0x1000,  # entry point, base of code
        0x140000000, section_alignment, file_alignment,
        6, 0, 0, 0, 6, 0, 0,  # versions
        image, headers, 0x1234,  # SizeOfImage, SizeOfHeaders, CheckSum
        3, 0x8160,  # console, usual DLL characteristics
        0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    )  # fmt: skip
    directories = bytearray(16 * 8)
    struct.pack_into("<II", directories, 4 * 8, *certificate)
    return fields + directories


def _section(name, size, address, raw_size, raw_offset):
    return struct.pack(
        "<8sIIIIIIHHI", name, size, address, raw_size, raw_offset, 0, 0, 0, 0, 0xE0000060
    )
