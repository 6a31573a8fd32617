# SPDX-License-Identifier: Apache-2.0
"""Replace the tail of an archive so that every reader finds a complete archive at every instant.

An archive is found from its end, so whoever writes behind the end record, or over it, leaves a
file without an archive until he is done.  We never do:

    before   | entries                | directory | end |
    cover    | entries                | directory | end |   (hole)    | mark | directory' | end' |
    fill     | entries | new data ... | new directory | new end | ... | mark | directory' | end' |
    switch   | entries | new data ... | new directory | new end |

1. cover: one write, far enough behind the old end, extends the file by a copy of the directory and
   the end record, all of it at once (see DiskFile.extend).  The file is the old archive again.
   Sync.
2. fill: the room between is nobody's now, that of the old directory included.  New data, the new
   directory and the new end record go there.  Sync, and read it back.
3. switch: truncate the file behind the new end record.  A truncation is one change of one number,
   which file systems do not tear.  Sync.

Whoever stops before 3 leaves the old archive, whoever stops after it the new one.  A failure puts
the old bytes back under the protection of the cover and then truncates to the old size.  After a
crash the mark in front of directory' lets the next run do the same.

If the last entries of the file are dead (replaced, deleted), their room is used again.  They are
part of the old archive, so the cover then includes a copy of them, at the same distance from a
multiple of 64 KiB, and directory' points to the copy.  Replacing .args behind 40 GB of weights
writes some hundred KB and does not let the file grow.
"""
import bisect
import itertools
import struct
import zlib
from typing import NamedTuple

from . import records as r
from .errors import BadArchive
from .file import PAGE
from .reader import Directory, Entry, data_range, read_directory

MAX_SPAN = 1 << 20                      # dead bytes at the end that are worth copying
_SPAN_ALIGN = 1 << 16
_DESCRIPTOR_LENGTH = 24                 # 4.3.9 data descriptor at its longest

_MARK = struct.Struct("<20s 3Q I")
_MARK_MAGIC = b"zipalign unfinished\0"


class Mark(NamedTuple):
    """Stands in front of directory' and says how to undo."""

    low: int                            # what the unfinished run changed starts here
    span: int                           # bytes of dead entries copied from low ...
    far: int                            # ... to here

    def pack(self) -> bytes:
        body = _MARK.pack(_MARK_MAGIC, *self, 0)[:-4]
        return body + struct.pack("<I", zlib.crc32(body))

    @classmethod
    def parse(cls, data: bytes) -> "Mark | None":
        if len(data) != _MARK.size or not data.startswith(_MARK_MAGIC):
            return None
        *_, low, span, far, crc = _MARK.unpack(data)
        return cls(low, span, far) if crc == zlib.crc32(data[:-4]) else None


def pack_directory(entries, bias: int = 0) -> bytes:
    """The central directory of these entries; untouched ones keep their very bytes."""
    if not bias:
        return b"".join([entry.raw for entry in entries])
    return b"".join([entry.header.pack() for entry in entries])


class Commit:
    """One change of the file: cover(), write from `low` on, then switch() or roll_back()."""

    def __init__(self, file, directory: Directory | None, dead=()):
        """dead: entries of the directory that will not be in the new one."""
        self._file = file
        self._directory = directory
        self._dead = dead
        self._old_size = file.size()
        self.low = self._old_size if directory is None else directory.offset
        if directory is not None and dead:
            self.low = _reusable_from(file, directory, dead)
        self._saved = b""
        self._covered = self._switched = False

    @property
    def dirty_end(self) -> int:
        """From low to here the file holds old bytes; behind it, holes."""
        return self._old_size

    def cover(self, room: int) -> None:
        """Make the old archive findable behind low + room, the most that will be written."""
        if self._directory is None:
            return                      # nothing to protect: without an end there is no archive
        self._saved = self._file.read(self.low, self._old_size - self.low)
        span = self._directory.offset - self.low
        far = max(self.low + room, self._old_size)
        far += (self.low - far) % _SPAN_ALIGN if span else -far % PAGE
        entries = [_moved(e, far - self.low) if e.header.local_offset >= self.low else e
                   for e in self._directory.entries]
        mark = Mark(self.low, span, far).pack()
        # The length of the tail does not depend on where it is, but for the ZIP64 limit.
        tail = _tail(entries, far + span + len(mark), self._directory)
        pad = -(far + span + len(mark) + len(tail)) % PAGE
        tail = _tail(entries, far + span + pad + len(mark), self._directory)
        self._file.extend(far, self._saved[:span] + bytes(pad) + mark + tail)
        self._covered = True
        self._file.sync()

    def switch(self, new_size: int) -> None:
        """The file now ends at new_size; everything before it is written."""
        if self._file.size() != new_size:
            self._file.truncate(new_size)
        self._switched = True
        self._file.sync()

    def retire(self, live) -> None:
        """Wipe the signatures of dead local headers, which some readers (7-Zip) look for.

        After the switch: what is wiped belongs to nobody, so nothing depends on it.
        """
        ordered = sorted(live, key=lambda e: e.header.local_offset)
        starts = [e.header.local_offset for e in ordered]
        reach = list(itertools.accumulate(map(_reaches, ordered), max))
        for at in {e.header.local_offset for e in self._dead}:
            i = bisect.bisect_right(starts, at) - 1
            while i >= 0 and reach[i] > at and entry_end(
                    self._file, ordered[i], self._old_size) <= at:
                i -= 1
            if at < self.low and (i < 0 or reach[i] <= at):
                self._file.write(at, bytes(len(r.LOCAL_SIGNATURE)))

    def roll_back(self) -> None:
        """Put back bytes and size from before cover(); after the switch there is no way back.

        Raises OSError if it cannot; the cover then still stands.
        """
        if self._switched:
            return
        if self._covered:
            self._restore()
            self._file.sync()
        if self._file.size() != self._old_size:
            self._file.truncate(self._old_size)
        self._file.sync()


    def _restore(self) -> None:
        """Write the saved bytes, but only pages that differ: those have their blocks.

        Padding was a hole before; to fill it would need space, on a disk that may be full.
        """
        at = 0
        while at < len(self._saved):
            step = PAGE - (self.low + at) % PAGE
            old = self._saved[at:at + step]
            if self._file.read(self.low + at, len(old)) != old:
                self._file.write(self.low + at, old)
            at += len(old)


def _moved(entry: Entry, by: int) -> Entry:
    header = entry.header._replace(local_offset=entry.header.local_offset + by)
    return entry._replace(header=header, raw=header.pack())


def _tail(entries, at: int, directory: Directory) -> bytes:
    packed = pack_directory(entries, directory.bias)
    return packed + r.end_records(len(entries), len(packed), at, directory.comment)


def _reusable_from(file, directory: Directory, dead) -> int:
    """Where to start writing: before dead entries that stand at the end, if they are few bytes.

    Live entries never move: a polyglot's loader knows where its payloads are.  And one must stay
    in front: 7-Zip takes the first local header of the file for the start of the archive, and
    would stumble over one that is just being written.
    """
    gone = set(map(id, dead))
    live = [e for e in directory.entries if id(e) not in gone]
    low = min(e.header.local_offset for e in dead)
    end = max((entry_end(file, e, directory.offset) for e in live if _reaches(e) > low), default=0)
    trailing = [e.header.local_offset for e in dead if e.header.local_offset >= end]
    low = min(trailing, default=directory.offset)
    return low if live and directory.offset - low <= MAX_SPAN else directory.offset


def _reaches(entry: Entry) -> int:
    """A bound of the entry's end, without looking at its local header."""
    header = entry.header
    return (header.local_offset + r.LOCAL_LENGTH + len(header.file_name) + r.MAX16
            + header.compressed_size + _DESCRIPTOR_LENGTH)


def entry_end(file, entry: Entry, limit: int) -> int:
    """Where the entry ends, a possible data descriptor included."""
    end = data_range(file, entry, limit)[1]
    if entry.header.flags & r.FLAG_DESCRIPTOR:
        end = min(end + _DESCRIPTOR_LENGTH, limit)
    return end


def find_mark(file, directory: Directory) -> Mark | None:
    """The mark of an unfinished run in front of this directory, if it is one and makes sense."""
    at = directory.offset - _MARK.size
    mark = Mark.parse(file.read(at, _MARK.size)) if at >= 0 else None
    if mark is None or mark.far + mark.span > at or mark.low + mark.span > mark.far:
        return None
    return mark


def recover(file, directory: Directory) -> Directory:
    """Undo an unfinished run: bring the directory back from its cover, and shrink the file."""
    mark = find_mark(file, directory)
    if mark is None:
        return directory
    entries, back = [], mark.low - mark.far
    for entry in directory.entries:
        if entry.header.local_offset >= mark.far:
            entry = _moved(entry, back)
        elif entry_end(file, entry, directory.offset) > mark.low:
            raise BadArchive(f"{entry.name!r} lies in the room of an unfinished run")
        entries.append(entry)
    span = file.read(mark.far, mark.span)
    tail = span + _tail(entries, mark.low + mark.span, directory)
    if mark.low + len(tail) > mark.far:
        return directory                # no room to undo in; the space stays unused
    file.write(mark.low, tail)
    file.sync()
    file.truncate(mark.low + len(tail))
    file.sync()
    return read_directory(file)
