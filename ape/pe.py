# SPDX-License-Identifier: Apache-2.0
"""The head of the file: shell text in a DOS header, and the moved Windows PE (FORMAT 2, 4).

    offset    size  field                         value                   who reads it
    0x00      2     e_magic                       "MZ"                    Windows; the shell: MZ=
    0x02      53    shell text                    HEAD[2:]                /bin/sh
    0x37      5     fill                          newlines                nobody
    0x3c      4     e_lfanew                      as in the input, or 0   Windows
    0x40      ...   DOS program of the linker     as in the input         DOS
    e_lfanew  ...   PE headers, section table     pointers moved          Windows
    ...0x1000       zeros
    0x2000    ...   all that followed the headers as in the input         Windows

Moving is all that happens to the PE: everything behind its headers goes `delta` bytes further
down, to make room for the stub page, and each field that holds a file offset grows by `delta`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ape.errors import InputError
from ape.fields import Fields
from ape.stub import PAGE

HEAD = b'MZ=;eval "$(dd<"$0" bs=4k skip=1 count=1 2>&-)";exit 9\n'
HEAD_ROOM = 0x3C
BODY_OFFSET = 2 * PAGE

# Offsets within the PE headers, from the signature "PE\0\0".
_SECTION_COUNT = 6
_SYMBOL_TABLE = 12
_OPTIONAL_SIZE = 20
_OPTIONAL = 24
# Offsets within the optional header (PE32+).
_SECTION_ALIGNMENT = 32
_FILE_ALIGNMENT = 36
_HEADERS_SIZE = 60
_CHECKSUM = 64
_DIRECTORY_COUNT = 108
_CERTIFICATE = 112 + 4 * 8
_DEBUG = 112 + 6 * 8
_DEBUG_ENTRY = 28  # with its file offset at +24
_SECTION = 40  # name, virtual size and address at +8, raw size and offset at +16


@dataclass(frozen=True)
class Section:
    header: int  # offset of its row in the section table
    name: str
    virtual_address: int
    virtual_size: int
    raw_offset: int
    raw_size: int


@dataclass(frozen=True)
class Headers:
    """What layout and check need to know of a PE, moved or not."""

    start: int  # of the signature: e_lfanew
    end: int  # of the section table
    size: int  # SizeOfHeaders
    file_alignment: int
    section_alignment: int
    sections: tuple[Section, ...]

    @property
    def optional(self) -> int:
        return self.start + _OPTIONAL

    def directory(self, fields: Fields, index_offset: int) -> tuple[int, int]:
        """(address, size) of a data directory; (0, 0) when the headers have none."""
        index = (index_offset - 112) // 8
        if fields.u32(self.optional + _DIRECTORY_COUNT) <= index:
            return 0, 0
        at = self.optional + index_offset
        return fields.u32(at), fields.u32(at + 4)

    def certificate(self, fields: Fields) -> tuple[int, int]:
        return self.directory(fields, _CERTIFICATE)


def render_empty_head() -> bytes:
    """Page 0 without a PE: Windows says that the file is no program for it."""
    return HEAD.ljust(HEAD_ROOM, b"\n").ljust(PAGE, b"\0")


def read_headers(fields: Fields) -> Headers:
    start = fields.u32(HEAD_ROOM)
    if fields.take(start, 4) != b"PE\0\0":
        raise InputError(fields.name, f"no PE signature at {start:#x}", "4")
    optional = start + _OPTIONAL
    table = optional + fields.u16(start + _OPTIONAL_SIZE)
    count = fields.u16(start + _SECTION_COUNT)
    return Headers(
        start,
        table + count * _SECTION,
        fields.u32(optional + _HEADERS_SIZE),
        fields.u32(optional + _FILE_ALIGNMENT),
        fields.u32(optional + _SECTION_ALIGNMENT),
        tuple(_section(fields, table + k * _SECTION) for k in range(count)),
    )


def move(data: bytes, path: object) -> tuple[bytes, bytes, int]:
    """(page 0, all that goes behind the stub, the offset where that starts) for a PE file."""
    fields = Fields(bytearray(data), path)
    headers = read_headers(fields)
    _refuse(fields, headers)
    raw = [s.raw_offset for s in headers.sections if s.raw_size]
    first = min(raw, default=len(data))
    delta = -(-(BODY_OFFSET - first) // headers.file_alignment) * headers.file_alignment
    _move_pointers(fields, headers, delta)
    fields.put(0, HEAD.ljust(HEAD_ROOM, b"\n"))
    page = fields.take(0, first).ljust(PAGE, b"\0")
    return page, fields.take(first, len(data) - first), first + delta


def _section(fields: Fields, at: int) -> Section:
    name = fields.take(at, 8).rstrip(b"\0").decode("latin-1")
    virtual_size, address, size, offset = (fields.u32(at + k) for k in (8, 12, 16, 20))
    return Section(at, name, address, virtual_size, offset, size)


def _refuse(fields: Fields, headers: Headers) -> None:
    """One rule per line; the message holds the rule and what was found."""
    path = fields.name
    alignment = headers.file_alignment
    first = min((s.raw_offset for s in headers.sections if s.raw_size), default=len(fields.data))
    if headers.start < HEAD_ROOM + 4:
        raise InputError(
            path, f"PE headers start at {headers.start:#x}, inside the DOS header", "4"
        )
    if headers.certificate(fields) != (0, 0):
        raise InputError(
            path, "signed PE: sign the polyglot instead, its certificate goes last", "4"
        )
    if not 512 <= alignment <= 65536 or alignment & alignment - 1:
        raise InputError(path, f"PE file alignment {alignment} is not a power of 2 >= 512", "4")
    if headers.section_alignment < PAGE:
        raise InputError(
            path, f"PE section alignment {headers.section_alignment} is below 4096", "4"
        )
    if not headers.end <= headers.size <= first <= PAGE:
        raise InputError(
            path,
            f"PE headers must end by 0x1000, they end at {headers.end:#x} of {headers.size:#x} "
            f"and sections start at {first:#x}",
            "4",
        )
    for s in headers.sections:
        if s.raw_size and s.raw_offset + s.raw_size > len(fields.data):
            raise InputError(path, f"PE section '{s.name}' ends behind the end of the file", "4")


def _move_pointers(fields: Fields, headers: Headers, delta: int) -> None:
    for s in headers.sections:
        fields.put32(s.header + 20, s.raw_offset + delta if s.raw_size else 0)
    symbols = headers.start + _SYMBOL_TABLE
    if fields.u32(symbols):
        fields.put32(symbols, fields.u32(symbols) + delta)
    for entry in _debug_entries(fields, headers):
        if fields.u32(entry + 24):
            fields.put32(entry + 24, fields.u32(entry + 24) + delta)
    fields.put32(headers.optional + _CHECKSUM, 0)


def _debug_entries(fields: Fields, headers: Headers) -> range:
    """Unmoved file offsets of the entries of the debug directory."""
    address, size = headers.directory(fields, _DEBUG)
    for s in headers.sections:
        start = address - s.virtual_address
        if address and start >= 0 and start + size <= s.raw_size:
            return range(s.raw_offset + start, s.raw_offset + start + size, _DEBUG_ENTRY)
    if address:
        raise InputError(fields.name, "the PE's debug directory is in no section", "4")
    return range(0)
