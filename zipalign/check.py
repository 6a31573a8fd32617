# SPDX-License-Identifier: Apache-2.0
"""Prove an archive: structure, local against central headers, overlaps, alignment, checksums.

What a healthy archive is: problems() yields nothing.  The end of every commit runs
verify_written() on the new directory before the switch, so what we write has passed.
"""
import zlib
from itertools import pairwise
from typing import NamedTuple

from . import records as r
from .copy import crc32, read_deflated
from .errors import (
    BadArchive,
    BadCrc,
    BadData,
    BadDirectory,
    BadEntryOffset,
    BadName,
    BadSignature,
    DuplicateEntry,
    HeaderMismatch,
    Misaligned,
    Overlap,
    Unsupported,
)
from .names import check_name
from .reader import Directory, Entry, local_header, read_directory
from .recover import find_mark

_STEP = 1 << 20


class Place(NamedTuple):
    """Where an entry lies: local header, data, first byte behind the data."""

    start: int
    data: int
    end: int
    entry: Entry


def place(file, entry: Entry, limit: int) -> Place:
    """Where the entry lies; raises BadArchive if local header and directory disagree."""
    header = entry.header
    local, data = local_header(file, entry)
    _compare(entry, local)
    end = data + header.compressed_size
    if end > limit:
        raise BadEntryOffset(f"{entry.name!r}: data from {data} to {end} runs past {limit}")
    return Place(header.local_offset, data, end, entry)


def _compare(entry: Entry, local: r.LocalHeader) -> None:
    header = entry.header
    fields = ["flags", "method", "file_name"]
    if not header.flags & r.FLAG_DESCRIPTOR:     # else the local values may be 0 (4.4.4)
        fields += ["crc32", "compressed_size", "uncompressed_size"]
    for field in fields:
        here, there = getattr(local, field), getattr(header, field)
        if here != there:
            raise HeaderMismatch(f"{entry.name!r}: {field} is {here!r} in the local header, "
                                 f"{there!r} in the directory (APPNOTE 4.3.12)")


def problems(file, *, align: int = 1, deep: bool = False, progress=None):
    """Yield a ZipAlignError for each broken rule, in the order of the file.

    align: what the data of every stored entry must be aligned to.  deep: read all data and verify
    the checksums; progress(n) then hears of every n bytes of the archive read.
    """
    try:
        directory = read_directory(file)
    except BadArchive as error:
        yield error
        return
    places = []
    for entry in directory.entries:
        try:
            places.append(place(file, entry, directory.offset))
        except BadArchive as error:
            yield error
    yield from _overlaps(places)
    yield from _names(directory)
    yield from _misaligned(places, align)
    if deep:
        yield from _damaged(file, places, progress)


def _overlaps(places: list[Place]):
    for one, two in pairwise(sorted(places)):
        if two.start < one.end:
            yield Overlap(f"{two.entry.name!r} at {two.start} starts inside {one.entry.name!r}, "
                          f"which ends at {one.end}")


def _names(directory: Directory):
    seen = set()
    for entry in directory.entries:
        if entry.name in seen:
            yield DuplicateEntry(f"{entry.name!r} is there twice; readers take different ones")
        seen.add(entry.name)
        try:
            check_name(entry.name)
        except BadName as error:
            yield error


def _misaligned(places: list[Place], align: int):
    for one in places:
        header = one.entry.header
        if header.method == r.STORED and header.compressed_size and one.data % align:
            yield Misaligned(f"{one.entry.name!r}: data at {one.data} is not at a multiple of "
                             f"{align}; add the file again with zipalign -a {align}")


def _damaged(file, places: list[Place], progress):
    for one in sorted(places):
        try:
            check_data(file, one, progress=progress)
        except BadArchive as error:
            yield error


def check_data(file, where: Place, sink=None, progress=None) -> None:
    """Read the data of an entry, pass it unpacked to sink(bytes), verify size and CRC-32."""
    header, name = where.entry.header, where.entry.name
    if header.flags & r.FLAG_ENCRYPTED:
        raise Unsupported(f"{name!r} is encrypted (APPNOTE 4.4.4)")
    crc = 0

    def take(data: bytes) -> None:
        nonlocal crc
        crc = crc32(data, crc)
        if sink:
            sink(data)

    def read(at: int, length: int) -> bytes:
        if progress:
            progress(length)
        return file.read(at, length)

    if header.method == r.STORED:
        if header.compressed_size != header.uncompressed_size:
            raise HeaderMismatch(f"{name!r} is stored, but its two sizes differ")
        for at in range(where.data, where.end, _STEP):
            take(read(at, min(_STEP, where.end - at)))
    elif header.method == r.DEFLATED:
        try:
            read_deflated(read, where.data, where.end, header.uncompressed_size, take)
        except zlib.error as error:
            raise BadData(f"{name!r}: {error}") from None
    else:
        raise Unsupported(f"{name!r}: compression method {header.method} (APPNOTE 4.4.5)")
    if crc != header.crc32:
        raise BadCrc(f"{name!r}: CRC-32 of the data is {crc:08x}, the directory says "
                     f"{header.crc32:08x}; the data is damaged")


def read_entry(file, entry: Entry, limit: int) -> bytes:
    """The unpacked and verified data of one entry."""
    parts: list[bytes] = []
    check_data(file, place(file, entry, limit), parts.append)
    return b"".join(parts)


def unfinished(file, directory: Directory) -> int:
    """How many bytes an interrupted run has left in front of the directory; 0 if none did."""
    mark = find_mark(file, directory)
    return mark.far - mark.low if mark else 0


def verify_written(file, offset: int, packed: bytes, heads) -> Directory:
    """Before the switch: the new end leads to this very directory, the headers are what was meant.

    heads: (offset, bytes) of each new local header.  The data was read back for its checksum.
    """
    directory = read_directory(file)
    if directory.offset != offset or directory.bias:
        raise BadDirectory(f"written at {offset}, found at {directory.offset}")
    if b"".join([entry.raw for entry in directory.entries]) != packed:
        raise BadDirectory("the directory that was written is not what is read back")
    for at, head in heads:
        if file.read(at, len(head)) != head:
            raise BadSignature(f"the local header written at {at} is not what is read back")
    return directory
