# SPDX-License-Identifier: Apache-2.0
"""Reading a polyglot back: its heads, its stub's table, its zip directory, as a map of regions.

Used by `ape layout` and `ape check`. A file that zipalign appended to, or that was signed for
Windows afterwards, is still a polyglot: bytes that nothing owns are shown, not refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ape import pe, stub
from ape.errors import PolyglotError
from ape.fields import Fields
from ape.layout import PAYLOAD_ALIGN, Region
from ape.targets import TARGETS
from zipalign import records
from zipalign.errors import ZipAlignError

_HEADER_LIMIT = records.LOCAL_LENGTH + 2 * records.MAX16
_TAIL = records.END_LENGTH + records.MAX16 + records.ZIP64_LOCATOR_LENGTH
_DIRECTORY_LIMIT = 1 << 28


@dataclass(frozen=True)
class StoredMember:
    entry: records.CentralHeader
    local: records.LocalHeader
    data_offset: int

    @property
    def name(self) -> str:
        return self.entry.file_name.decode("utf-8", "replace")

    @property
    def target(self) -> str:
        """The target whose program this is, or ""."""
        parts = self.name.split("/")
        return parts[1] if len(parts) == 3 and parts[0] == "native" else ""


@dataclass
class Image:
    path: Path
    size: int
    head: bytes = b""  # page 0
    stub_page: bytes = b""
    name: str = ""
    rows: list[stub.Row] = field(default_factory=list)
    headers: pe.Headers | None = None
    certificate: tuple[int, int] = (0, 0)
    members: list[StoredMember] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)


def read(path: Path) -> Image:
    with path.open("rb") as file:
        image = Image(path, file.seek(0, 2))
        image.head = _read(file, 0, stub.PAGE)
        image.stub_page = _read(file, stub.STUB_OFFSET, stub.PAGE)
        if not image.head.startswith(b"MZ") or len(image.stub_page) < stub.PAGE:
            raise PolyglotError(f"{path}: no polyglot of ape: the MZ head or the stub is missing")
        image.name, image.rows = stub.parse(image.stub_page)
        _map_head(image)
        try:
            _read_zip(file, image)
        except ZipAlignError as error:
            raise PolyglotError(f"{path}: zip: {error}") from error
    return image


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _map_head(image: Image) -> None:
    add = image.regions.append
    add(Region(0, pe.HEAD_ROOM, "shell head", "MZ for Windows, a first line of shell (FORMAT 2)"))
    add(Region(pe.HEAD_ROOM, 4, "e_lfanew", "where Windows finds the PE headers (FORMAT 2)"))
    add(Region(stub.STUB_OFFSET, stub.PAGE, "shell stub", "unpacks and runs (FORMAT 3)", stub.PAGE))
    fields = Fields(image.head, image.path)
    if fields.u32(pe.HEAD_ROOM) == 0:
        add(Region(0x40, stub.PAGE - 0x40, "no PE", "zeros: no x86_64-windows program (FORMAT 2)"))
        return
    headers = image.headers = pe.read_headers(fields)
    image.certificate = headers.certificate(fields)
    add(Region(0x40, headers.start - 0x40, "DOS program", "the linker's, for DOS (FORMAT 2)"))
    size = headers.end - headers.start
    add(Region(headers.start, size, "PE headers", "with section table (FORMAT 4)"))
    add(Region(headers.end, stub.PAGE - headers.end, "zeros", "room to the stub's page (FORMAT 4)"))
    for s in headers.sections:
        if s.raw_size:
            why = f"at address {s.virtual_address:#x} in memory (FORMAT 4)"
            add(Region(s.raw_offset, s.raw_size, f"PE {s.name}", why, headers.file_alignment))
    offset, size = image.certificate
    if size:
        add(Region(offset, size, "PE certificate", "signs the file for Windows (FORMAT 4)"))


def _read_zip(file: BinaryIO, image: Image) -> None:
    limit = image.certificate[0] if image.certificate[1] else image.size
    base = max(0, limit - _TAIL)
    tail = _read(file, base, limit - base)
    at = _find_end(tail)
    if at < 0:
        raise PolyglotError(f"{image.path}: no zip directory at its end (FORMAT 6)")
    end = records.EndRecord.parse(tail, at)
    count, size, offset = end.entries, end.directory_size, end.directory_offset
    last = records.END_LENGTH + end.comment_length
    image.regions.append(Region(base + at, last, "zip end record", "where unzip starts (FORMAT 6)"))
    if end.saturated:
        count, size, offset = _read_zip64(file, image, tail, base, at)
    if size > _DIRECTORY_LIMIT or offset + size > image.size:
        raise PolyglotError(f"{image.path}: zip directory is outside the file (FORMAT 6)")
    image.regions.append(Region(offset, size, "zip directory", "all members (FORMAT 6)"))
    directory = _read(file, offset, size)
    position = 0
    for _ in range(count):
        entry, position = records.CentralHeader.parse(directory, position)
        _add_member(file, image, entry)


def _find_end(tail: bytes) -> int:
    """Offset of the end record, -1 if none: it and its comment are the last bytes of the zip.

    A certificate that follows starts at a multiple of 8.
    """
    at = len(tail)
    while (at := tail.rfind(records.END_SIGNATURE, 0, at)) >= 0:
        if at + records.END_LENGTH <= len(tail):
            length = records.END_LENGTH + records.EndRecord.parse(tail, at).comment_length
            if 0 <= len(tail) - at - length < 8:
                break
    return at


def _read_zip64(
    file: BinaryIO, image: Image, tail: bytes, base: int, end_at: int
) -> tuple[int, int, int]:
    at = end_at - records.ZIP64_LOCATOR_LENGTH
    locator = records.Zip64Locator.parse(tail, at)
    found = _read(file, locator.record_offset, records.ZIP64_END_LENGTH)
    record = records.Zip64EndRecord.parse(found)
    add = image.regions.append
    why = "sizes above 32 bits (FORMAT 6)"
    add(Region(base + at, records.ZIP64_LOCATOR_LENGTH, "zip64 locator", why))
    add(Region(locator.record_offset, 12 + record.record_size, "zip64 end record", why))
    return record.entries, record.directory_size, record.directory_offset


def _add_member(file: BinaryIO, image: Image, entry: records.CentralHeader) -> None:
    header = _read(file, entry.local_offset, _HEADER_LIMIT) if entry.local_offset < 1 << 62 else b""
    local, length = records.LocalHeader.parse(header)
    member = StoredMember(entry, local, entry.local_offset + length)
    image.members.append(member)
    program = member.target in TARGETS
    why = f"program for {member.target} (FORMAT 6.1)" if program else "data (FORMAT 6)"
    align = PAYLOAD_ALIGN if program else 1
    add = image.regions.append
    add(Region(entry.local_offset, length, "zip header", f"of {member.name} (FORMAT 6)"))
    add(Region(member.data_offset, entry.compressed_size, member.name, why, align))
