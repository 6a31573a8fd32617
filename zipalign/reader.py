# SPDX-License-Identifier: Apache-2.0
"""Find and read the directory of any archive, trusting no byte of it.

What is accepted beyond the plain case: a prefix in front (self-extractors, polyglots) with
offsets that count it or do not; a comment of any length, also one that contains end records;
ZIP64; bytes behind the end record, as far as a reader that scans 64 KiB would see; counts that a
writer has cut to 16 bits.  Whatever is read is bounded by the size of the file, and everything
else is a BadArchive that names the rule.
"""
import zlib
from typing import NamedTuple

from . import records as r
from .errors import (
    BadArchive,
    BadDirectory,
    BadEndRecord,
    BadEntryOffset,
    BadSignature,
    MultiDisk,
    NotAZip,
    Truncated,
)

_EXTRA_UNICODE_PATH = 0x7075            # Info-ZIP, APPNOTE 4.6.9
_EXTRA_GUESS = 64                       # most extra fields are shorter
_SCAN = r.END_LENGTH + r.MAX16          # how far from the end an end record can start


class Entry(NamedTuple):
    """One file of an archive.  header.local_offset is absolute, whatever the archive says."""

    name: str
    header: r.CentralHeader
    raw: bytes                          # the central header as found; repack it if bias is not 0

    @property
    def is_directory(self) -> bool:
        return self.name.endswith("/")


class Directory(NamedTuple):
    """What the end records lead to.  Offsets are absolute file offsets."""

    entries: list[Entry]
    offset: int                         # of the central directory
    size: int                           # of the central directory alone
    end: int                            # offset behind the end record and the archive comment
    comment: bytes
    bias: int                           # what was added to every offset in the file

    def find(self, name: str) -> Entry | None:
        """The last entry of that name: the one that extractors leave behind."""
        return next((e for e in reversed(self.entries) if e.name == name), None)


class _End(NamedTuple):
    """One candidate for the end of the archive."""

    entries: int
    size: int
    offset: int                         # as recorded
    room: int                           # where the records after the directory start
    end: int
    comment: bytes
    wide: bool


def read_directory(file) -> Directory:
    """The directory of an open file (anything with size() and read(at, length)).

    The end record nearest to the end of the file wins, first among those whose comment ends
    exactly there; it must lead to a directory that can be read.  Raises the first candidate's
    error if none does, NotAZip if there is no candidate.
    """
    size = file.size()
    base = max(size - _SCAN, 0)
    tail = file.read(base, size - base)
    first_error = None
    for at in _candidates(tail):
        try:
            return _directory_at(file, tail, base, at)
        except BadArchive as error:
            first_error = first_error or error
    raise first_error or NotAZip("no end of central directory record in the last 64 KiB "
                                 "(APPNOTE 4.3.16): not a ZIP archive, or cut short")


def _candidates(tail: bytes) -> list[int]:
    exact, loose = [], []
    at = tail.rfind(r.END_SIGNATURE)
    while at >= 0:
        if len(tail) - at >= r.END_LENGTH:
            end = at + r.END_LENGTH + r.EndRecord.parse(tail, at).comment_length
            (exact if end == len(tail) else loose).append(at)
        at = tail.rfind(r.END_SIGNATURE, 0, at)
    # Each candidate can cost a look at the directory; a file made of end records must not cost
    # thousands of them.
    return (exact + loose)[:64]


def _directory_at(file, tail: bytes, base: int, at: int) -> Directory:
    end = _end_at(file, tail, base, at)
    first_error = None
    for start, bias in _directory_places(end):
        try:
            entries = _read_entries(file, end, start, bias)
        except BadArchive as error:
            first_error = first_error or error
            continue
        return Directory(entries, start, end.size, end.end, end.comment, bias)
    raise first_error


def _end_at(file, tail: bytes, base: int, at: int) -> _End:
    record = r.EndRecord.parse(tail, at)
    position = base + at
    comment_at = at + r.END_LENGTH
    comment = tail[comment_at:comment_at + record.comment_length]
    if len(comment) < record.comment_length:
        raise Truncated(f"archive comment of {record.comment_length} bytes, {len(comment)} are "
                        "there (APPNOTE 4.3.16)")
    end = base + comment_at + len(comment)
    wide = _zip64_end(file, position)
    if wide is not None:
        return _merge(record, *wide, end, comment)
    if record.disk or record.directory_disk or record.disk_entries != record.entries:
        raise MultiDisk("the archive is split over several files (APPNOTE 4.4.19)")
    return _End(record.entries, record.directory_size, record.directory_offset, position, end,
                comment, False)


def _zip64_end(file, position: int) -> tuple[r.Zip64EndRecord, int] | None:
    """The ZIP64 end record in front of an end record at `position`, and its offset, if any.

    Four bytes that look like a locator prove nothing (they may end a comment): only a record that
    reaches exactly to the locator does.
    """
    locator_at = position - r.ZIP64_LOCATOR_LENGTH
    data = file.read(locator_at, r.ZIP64_LOCATOR_LENGTH) if locator_at >= 0 else b""
    if not data.startswith(r.ZIP64_LOCATOR_SIGNATURE):
        return None
    locator = r.Zip64Locator.parse(data)
    for at in (locator.record_offset, locator_at - r.ZIP64_END_LENGTH):
        if not 0 <= at <= locator_at - r.ZIP64_END_LENGTH:
            continue
        data = file.read(at, r.ZIP64_END_LENGTH)
        if not data.startswith(r.ZIP64_END_SIGNATURE):
            continue
        record = r.Zip64EndRecord.parse(data)
        if at + 12 + record.record_size == locator_at:
            if locator.disks > 1 or locator.record_disk:
                raise MultiDisk("the archive is split over several files (APPNOTE 4.3.15)")
            return record, at
    return None


def _merge(record: r.EndRecord, wide: r.Zip64EndRecord, wide_at: int, end: int,
           comment: bytes) -> _End:
    if wide.disk or wide.directory_disk or wide.disk_entries != wide.entries:
        raise MultiDisk("the archive is split over several files (APPNOTE 4.3.14)")
    # 4.4.1.4: the old field is saturated or right; some writers cut it instead of saturating.
    for name, limit in (("entries", r.MAX16), ("directory_size", r.MAX32),
                        ("directory_offset", r.MAX32)):
        short, full = getattr(record, name), getattr(wide, name)
        if short != limit and short != full & limit:
            raise BadEndRecord(f"{name} is {short} in the end record and {full} in the ZIP64 "
                               "end record (APPNOTE 4.4.1.4)")
    return _End(wide.entries, wide.directory_size, wide.directory_offset, wide_at, end, comment,
                True)


def _directory_places(end: _End) -> list[tuple[int, int]]:
    """(start, bias) in the order to try."""
    behind = end.room - end.size
    if behind < 0 or end.offset > behind:
        raise BadEndRecord(f"a directory of {end.size} bytes at {end.offset} does not end before "
                           f"the end record at {end.room} (APPNOTE 4.4.24)")
    if end.offset == behind:
        return [(behind, 0)]
    # Either everything moved together when something was put in front, or something stands
    # between the directory and its end record.
    return [(behind, behind - end.offset), (end.offset, 0)]


def _read_entries(file, end: _End, start: int, bias: int) -> list[Entry]:
    if end.entries * r.CENTRAL_LENGTH > end.size and end.wide:
        raise BadDirectory(f"{end.entries} entries cannot fit in a directory of {end.size} bytes")
    data = file.read(start, end.size)
    if len(data) < end.size:
        raise Truncated(f"central directory of {end.size} bytes at {start} runs past the end")
    entries = []
    at = 0
    try:
        while at < end.size:
            header, after = r.CentralHeader.parse(data, at)
            entries.append(_entry(header, data[at:after], start, bias))
            at = after
    except BadArchive as error:
        raise type(error)(f"central directory, entry {len(entries) + 1}: {error}") from None
    if len(entries) != end.entries and (end.wide or len(entries) & r.MAX16 != end.entries):
        raise BadDirectory(f"the directory holds {len(entries)} entries, the end record says "
                           f"{end.entries} (APPNOTE 4.4.22)")
    _probe(file, entries)
    return entries


def _entry(header: r.CentralHeader, raw: bytes, limit: int, bias: int) -> Entry:
    if header.disk_start not in (0, r.MAX16):
        raise MultiDisk("the entry starts in another file (APPNOTE 4.4.11)")
    if bias:
        header = header._replace(local_offset=header.local_offset + bias)
    least = header.local_offset + r.LOCAL_LENGTH + len(header.file_name)
    if least + header.compressed_size > limit:
        raise BadEntryOffset(f"{entry_name(header)!r}: {header.compressed_size} bytes at "
                             f"{header.local_offset} run into the directory at {limit}")
    return Entry(entry_name(header), header, raw)


def _probe(file, entries: list[Entry]) -> None:
    """Look at the outermost local headers: a wrong guess of the bias misses them."""
    if not entries:
        return
    for entry in {min(entries, key=_offset), max(entries, key=_offset)}:
        at = _offset(entry)
        if file.read(at, 4) != r.LOCAL_SIGNATURE:
            raise BadSignature(f"{entry.name!r}: no local header at {at} (APPNOTE 4.3.7)")


def _offset(entry: Entry) -> int:
    return entry.header.local_offset


def entry_name(header: r.CentralHeader) -> str:
    """The name as text (APPNOTE appendix D): UTF-8 if flagged, Info-ZIP's field, or code page 437.

    Names never fail to decode; what is not UTF-8 in spite of the flag keeps its bytes escaped.
    """
    raw = header.file_name
    if raw.isascii():
        return raw.decode("ascii")
    if header.flags & r.FLAG_UTF8:
        return raw.decode("utf-8", "surrogateescape")
    for kind, field in r.split_extra(header.extra):
        # u16 id, u16 length, u8 version, u32 CRC of the name it stands for, UTF-8
        if (kind == _EXTRA_UNICODE_PATH and len(field) > 9 and field[4] == 1
                and int.from_bytes(field[5:9], "little") == zlib.crc32(raw)):
            return field[9:].decode("utf-8", "surrogateescape")
    return raw.decode("cp437")


def local_header(file, entry: Entry) -> tuple[r.LocalHeader, int]:
    """The local header of an entry, less a long padding field, and the offset of its data."""
    at = _offset(entry)
    head = file.read(at, r.LOCAL_LENGTH + len(entry.header.file_name) + _EXTRA_GUESS)
    try:
        if len(head) < r.LOCAL_LENGTH:
            raise Truncated(f"local header: {len(head)} of {r.LOCAL_LENGTH} bytes are there")
        n_name, n_extra = (int.from_bytes(head[i:i + 2], "little") for i in (26, 28))
        length = r.LOCAL_LENGTH + n_name + n_extra
        if length > len(head):
            head = (_without_padding(head, r.LOCAL_LENGTH + n_name, length)
                    or head + file.read(at + len(head), length - len(head)))
        return r.LocalHeader.parse(head)[0], at + length
    except BadArchive as error:
        raise type(error)(f"{entry.name!r} at {at}: {error}") from None


def _without_padding(head: bytes, extra_at: int, end: int) -> bytes | None:
    """A header cut before a last padding field, so that 64 KiB of zeros need not be read."""
    at = extra_at
    while at + 4 <= len(head):
        kind, length = (int.from_bytes(head[i:i + 2], "little") for i in (at, at + 2))
        if kind == r.EXTRA_ALIGN and at + 4 + length == end:
            return head[:28] + (at - extra_at).to_bytes(2, "little") + head[30:at]
        at += 4 + length
    return None


def data_range(file, entry: Entry, limit: int) -> tuple[int, int]:
    """(start, end) of the entry's stored bytes; they lie before `limit`."""
    _, start = local_header(file, entry)
    end = start + entry.header.compressed_size
    if end > limit:
        raise BadEntryOffset(f"{entry.name!r}: data from {start} to {end} runs past {limit}")
    return start, end
