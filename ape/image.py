# SPDX-License-Identifier: Apache-2.0
"""Reading a polyglot back: its heads, its stub's table, its zip directory, as a map of regions.

Used by `ape layout` and `ape check`. A file that zipalign appended to, or that was signed for
Windows afterwards, is still a polyglot: bytes that nothing owns are shown, not refused.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ape import pe, stub
from ape.errors import PolyglotError
from ape.fields import Fields
from ape.layout import PAYLOAD_ALIGN, Region
from ape.targets import TARGETS
from zipalign import reader, records
from zipalign.errors import ZipAlignError
from zipalign.file import DiskFile


@dataclass(frozen=True)
class StoredMember:
    name: str
    header: records.CentralHeader
    data_offset: int

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
    with closing(DiskFile(path)) as file:
        return read_open(file)


def read_open(file: DiskFile) -> Image:
    path = Path(file.path)
    image = Image(path, file.size())
    image.head = file.read(0, stub.PAGE)
    image.stub_page = file.read(stub.STUB_OFFSET, stub.PAGE)
    if not image.head.startswith(b"MZ") or len(image.stub_page) < stub.PAGE:
        raise PolyglotError(f"{path}: no polyglot of ape: the MZ head or the stub is missing")
    image.name, image.rows = stub.parse(image.stub_page)
    _map_head(image)
    try:
        _map_zip(file, image)
    except ZipAlignError as error:
        raise PolyglotError(f"{path}: zip: {error}") from error
    return image


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


def _map_zip(file: DiskFile, image: Image) -> None:
    directory = reader.read_directory(file)
    for entry in directory.entries:
        _add_member(file, image, entry)
    end = directory.offset + directory.size
    add = image.regions.append
    add(Region(directory.offset, directory.size, "zip directory", "all members (FORMAT 6)"))
    add(Region(end, directory.end - end, "zip end record", "where unzip starts (FORMAT 6)"))


def _add_member(file: DiskFile, image: Image, entry: reader.Entry) -> None:
    _, data = reader.local_header(file, entry)
    member = StoredMember(entry.name, entry.header, data)
    image.members.append(member)
    program = member.target in TARGETS
    why = f"program for {member.target} (FORMAT 6.1)" if program else "data (FORMAT 6)"
    start = entry.header.local_offset
    add = image.regions.append
    add(Region(start, data - start, "zip header", f"of {member.name} (FORMAT 6)"))
    size = entry.header.compressed_size
    add(Region(data, size, member.name, why, PAYLOAD_ALIGN if program else 1))
