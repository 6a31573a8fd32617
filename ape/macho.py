# SPDX-License-Identifier: Apache-2.0
"""Ad-hoc code signatures of thin 64-bit Mach-O executables (FORMAT 5.2).

Apple processors run no program without a signature; an ad-hoc one is just hashes, made without
keys. Layout of what `sign` puts at the end of the file, big-endian, as the kernel reads it:

    offset  size  field                        value
    0       4     SuperBlob magic              FADE0CC0
    4       4     length of SuperBlob          without the padding behind it
    8       4     number of blobs              1
    12      8     type, offset of blob         0 (CodeDirectory), 20
    20      4     CodeDirectory magic          FADE0C02
    24      4     length of CodeDirectory
    28      4     version                      0x20400: has execSeg fields
    32      4     flags                        0x20002: adhoc, linker-signed
    36      4     offset of hashes             88 + identifier, from 20 on
    40      4     offset of identifier         88
    44      4     number of special hashes     0
    48      4     number of page hashes
    52      4     code limit                   file offset where the signature starts
    56      4     hash size, type, platform, log2(page)   32, 2 (SHA-256), 0, 12 or 14
    60      24    spare, scatter, team, spare, codeLimit64   0
    84      24    execSeg base, limit, flags   the file range of __TEXT; 1 = main program
    108     n     identifier                   zero-terminated
    108+n   32*k  SHA-256 of each page         the last one ends at the code limit

Re-signing what zig's linker signed, under the same identifier, gives zig's bytes again.
Padding (`align`) stays inside the range of LC_CODE_SIGNATURE, as nothing may follow it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from ape.errors import InputError
from ape.fields import Fields

MAGIC = 0xFEEDFACF
CPU_ARM64 = 0x0100000C
TYPE_EXECUTE = 2
_HEADER_SIZE = 32
_SEGMENT_64 = 0x19
_CODE_SIGNATURE = 0x1D
_SEGMENT_SIZE = 72
_SECTION_SIZE = 80

_SUPERBLOB = struct.Struct(">IIIII")  # magic, length, count, type, offset of the only blob
_DIRECTORY = struct.Struct(">9I4B4IQ3Q")  # fields of the table above from 20 on
_SUPERBLOB_MAGIC = 0xFADE0CC0
_DIRECTORY_MAGIC = 0xFADE0C02
_DIRECTORY_VERSION = 0x20400
_ADHOC_LINKER_SIGNED = 0x20002
_SHA256 = 2


@dataclass(frozen=True)
class _Segment:
    command: int  # offset of its load command
    name: bytes
    memory_size: int
    file_offset: int
    file_size: int
    section_count: int


def sign(data: bytes, identifier: str, align: int, path: object) -> bytes:
    """`data` with an ad-hoc signature in place of any it had, its length a multiple of `align`."""
    fields = Fields(bytearray(data), path)
    text, linkedit = _find_segment(fields, b"__TEXT"), _find_segment(fields, b"__LINKEDIT")
    command, limit = _make_room(fields, linkedit)
    page_shift = 14 if fields.u32(4) == CPU_ARM64 else 12
    pages = -(-limit >> page_shift)
    hashes = _DIRECTORY.size + len(identifier.encode()) + 1
    blob_size = _SUPERBLOB.size + hashes + 32 * pages
    size = -(-(limit + blob_size) // align) * align - limit
    _set_signature_range(fields, command, linkedit, limit, size)
    directory = _DIRECTORY.pack(
        _DIRECTORY_MAGIC, hashes + 32 * pages, _DIRECTORY_VERSION, _ADHOC_LINKER_SIGNED,
        hashes, _DIRECTORY.size, 0, pages, limit, 32, _SHA256, 0, page_shift, 0, 0, 0, 0, 0,
        text.file_offset, text.file_size, 1 if fields.u32(12) == TYPE_EXECUTE else 0,
    )  # fmt: skip
    blob = _SUPERBLOB.pack(_SUPERBLOB_MAGIC, blob_size, 1, 0, _SUPERBLOB.size) + directory
    blob += identifier.encode() + b"\0" + _page_hashes(bytes(fields.data), limit, page_shift)
    return bytes(fields.data) + blob.ljust(size, b"\0")


def broken_signature_rules(data: bytes, path: object) -> list[str]:
    """What macOS would reject in a signature made by `sign`: one line per broken rule."""
    fields = Fields(data, path)
    command = _find_signature(fields)
    if not command:
        return ["no code signature"]
    start, size = fields.u32(command + 8), fields.u32(command + 12)
    if start + size != len(data):
        return [f"the code signature ends at {start + size:#x}, the file at {len(data):#x}"]
    magic, length, count, kind, offset = _SUPERBLOB.unpack(fields.take(start, _SUPERBLOB.size))
    if (magic, count, kind) != (_SUPERBLOB_MAGIC, 1, 0) or length > size:
        return ["the code signature is not one CodeDirectory in a SuperBlob"]
    at = start + offset
    values = _DIRECTORY.unpack(fields.take(at, _DIRECTORY.size))
    if values[:4:3] != (_DIRECTORY_MAGIC, _ADHOC_LINKER_SIGNED) or values[9:11] != (32, _SHA256):
        return ["the CodeDirectory is not ad-hoc with SHA-256"]
    hashes_at, pages, limit, page_shift = values[4], values[7], values[8], values[12]
    if limit != start or page_shift not in (12, 14) or pages != -(-limit >> page_shift):
        return ["the CodeDirectory does not cover the file up to its signature"]
    stored = fields.take(at + hashes_at, 32 * pages)
    actual = _page_hashes(data, limit, page_shift)
    wrong = [k for k in range(pages) if stored[32 * k :][:32] != actual[32 * k :][:32]]
    return [f"page {k} does not match its hash in the code signature" for k in wrong[:3]]


def _page_hashes(data: bytes, limit: int, page_shift: int) -> bytes:
    step = 1 << page_shift
    starts = range(0, limit, step)
    return b"".join(hashlib.sha256(data[k : min(k + step, limit)]).digest() for k in starts)


def _commands(fields: Fields) -> list[tuple[int, int]]:
    """(kind, offset) of each load command."""
    if fields.u32(0) != MAGIC:
        raise InputError(fields.name, "not a thin 64-bit Mach-O file", "5.2")
    at, end = _HEADER_SIZE, _HEADER_SIZE + fields.u32(20)
    commands = []
    for _ in range(fields.u32(16)):
        kind, size = fields.u32(at), fields.u32(at + 4)
        if size < 8 or at + size > end:
            raise InputError(fields.name, f"Mach-O load command at {at:#x} is damaged", "5.2")
        commands.append((kind, at))
        at += size
    return commands


def _find_signature(fields: Fields) -> int:
    """Offset of LC_CODE_SIGNATURE, or 0."""
    return next((at for kind, at in _commands(fields) if kind == _CODE_SIGNATURE), 0)


def _segments(fields: Fields) -> list[_Segment]:
    return [
        _Segment(
            at,
            fields.take(at + 8, 16).rstrip(b"\0"),
            fields.u64(at + 32),
            fields.u64(at + 40),
            fields.u64(at + 48),
            fields.u32(at + 64),
        )
        for kind, at in _commands(fields)
        if kind == _SEGMENT_64
    ]


def _find_segment(fields: Fields, name: bytes) -> _Segment:
    for segment in _segments(fields):
        if segment.name == name:
            return segment
    raise InputError(fields.name, f"Mach-O has no segment {name.decode()}", "5.2")


def _make_room(fields: Fields, linkedit: _Segment) -> tuple[int, int]:
    """Drops an old signature or adds a load command; (command offset, where the signature goes)."""
    command = _find_signature(fields)
    if command:
        limit = fields.u32(command + 8)
        if limit % 16 or limit + fields.u32(command + 12) != len(fields.data):
            raise InputError(
                fields.name, "the old code signature is not the end of the file", "5.2"
            )
        del fields.data[limit:]
    else:
        command = _add_command(fields)
        if linkedit.file_offset + linkedit.file_size != len(fields.data):
            raise InputError(fields.name, "__LINKEDIT is not the end of the Mach-O file", "5.2")
        fields.data.extend(bytes(-len(fields.data) % 16))
        limit = len(fields.data)
    if limit < linkedit.file_offset:
        raise InputError(fields.name, "the code signature is outside __LINKEDIT", "5.2")
    return command, limit


def _add_command(fields: Fields) -> int:
    """Appends an LC_CODE_SIGNATURE in the gap that linkers leave in front of the first section."""
    count, size = fields.u32(16), fields.u32(20)
    command = _HEADER_SIZE + size
    first = min(_section_offsets(fields), default=len(fields.data))
    if command + 16 > first:
        raise InputError(
            fields.name,
            f"no room for a code signature command: load commands end at {command:#x}, sections "
            f"start at {first:#x}; link with -headerpad",
            "5.2",
        )
    fields.put32(16, count + 1)
    fields.put32(20, size + 16)
    return command


def _section_offsets(fields: Fields) -> list[int]:
    """File offsets of the sections that have bytes in the file."""
    offsets = []
    for segment in _segments(fields):
        for k in range(segment.section_count):
            at = segment.command + _SEGMENT_SIZE + k * _SECTION_SIZE
            offsets.append(fields.u32(at + 48))
    return [offset for offset in offsets if offset]


def _set_signature_range(
    fields: Fields, command: int, linkedit: _Segment, limit: int, size: int
) -> None:
    fields.put(command, struct.pack("<II", _CODE_SIGNATURE, 16))
    fields.put32(command + 8, limit)
    fields.put32(command + 12, size)
    file_size = limit + size - linkedit.file_offset
    page = 0x4000 if fields.u32(4) == CPU_ARM64 else 0x1000
    fields.put64(linkedit.command + 32, max(linkedit.memory_size, -(-file_size // page) * page))
    fields.put64(linkedit.command + 48, file_size)
