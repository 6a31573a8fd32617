# SPDX-License-Identifier: Apache-2.0
"""Undo what a run left that died before its switch; commit.py explains the states of the file.

A complete cover has a mark in front of its directory: recover() puts the old end back and gives
back the space.  A cover of which only the first pages are there (killed in the middle of a write,
where DiskFile.extend could not do it in one piece) has the same mark on its first page, and
nothing below it has been touched yet: undo_torn_cover() cuts the file to its old size.
"""
import struct
import zlib
from typing import NamedTuple

from . import records as r
from .errors import BadArchive, NotAZip
from .file import PAGE, Window
from .reader import Directory, Entry, data_range, read_directory

DESCRIPTOR_LENGTH = 24                  # 4.3.9 data descriptor at its longest
MARK = struct.Struct("<20s 4Q I")
_MARK_MAGIC = b"zipalign unfinished\0"
_NEAR = 3 << 19                         # holds all that a cover has in front of its directory
_FAR = 64 << 20                         # and a directory of some 800,000 entries
_LOOK = 256 << 20                       # how far to look for the remains of an archive
_METHODS = frozenset(range(20)) | frozenset(range(92, 100))


class Mark(NamedTuple):
    """Stands on the first page of a cover, and in front of its directory; says how to undo."""

    low: int                            # what the unfinished run changed starts here
    span: int                           # bytes of dead entries copied from low ...
    far: int                            # ... to here
    size: int                           # of the whole file, before

    def pack(self) -> bytes:
        body = MARK.pack(_MARK_MAGIC, *self, 0)[:-4]
        return body + struct.pack("<I", zlib.crc32(body))

    @classmethod
    def parse(cls, data: bytes) -> "Mark | None":
        if len(data) != MARK.size or not data.startswith(_MARK_MAGIC):
            return None
        *_, low, span, far, size, crc = MARK.unpack(data)
        return cls(low, span, far, size) if crc == zlib.crc32(data[:-4]) else None

    @property
    def start(self) -> int:
        """Where the cover starts, if it is longer than a page."""
        return (self.far - MARK.size) // PAGE * PAGE


def moved(entry: Entry, by: int) -> Entry:
    header = entry.header._replace(local_offset=entry.header.local_offset + by)
    return entry._replace(header=header, raw=header.pack())


def pack_directory(entries, bias: int = 0) -> bytes:
    """The central directory of these entries; untouched ones keep their very bytes."""
    if not bias:
        return b"".join([entry.raw for entry in entries])
    return b"".join([entry.header.pack() for entry in entries])


def pack_tail(entries, at: int, directory: Directory) -> bytes:
    """Directory and end record for `at`, with what else belongs to `directory`."""
    packed = pack_directory(entries, directory.bias)
    return packed + r.end_records(len(entries), len(packed), at, directory.comment)


def entry_end(file, entry: Entry, limit: int) -> int:
    """Where the entry ends, a possible data descriptor included."""
    end = data_range(file, entry, limit)[1]
    if entry.header.flags & r.FLAG_DESCRIPTOR:
        end = min(end + DESCRIPTOR_LENGTH, limit)
    return end


def find_mark(file, directory: Directory) -> Mark | None:
    """The mark of an unfinished run in front of this directory, if it is one and makes sense."""
    at = directory.offset - MARK.size
    mark = Mark.parse(file.read(at, MARK.size)) if at >= 0 else None
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
            entry = moved(entry, back)
        elif entry_end(file, entry, directory.offset) > mark.low:
            raise BadArchive(f"{entry.name!r} lies in the room of an unfinished run")
        entries.append(entry)
    span = file.read(mark.far, mark.span)
    tail = span + pack_tail(entries, mark.low + mark.span, directory)
    if mark.low + len(tail) > mark.far:
        return directory                # no room to undo in; the space stays unused
    file.write(mark.low, tail)
    file.sync()
    file.truncate(mark.low + len(tail))
    file.sync()
    return read_directory(file)


def find_torn_cover(file) -> Mark | None:
    """The mark of a cover whose end is missing, if the archive from before is still in place."""
    size = file.size()
    if size % PAGE:
        return None                     # covers are written, and torn, in whole pages
    try:
        if find_mark(file, read_directory(file)):
            return None                 # the cover is complete
        reach = _NEAR                   # a dead entry in it may be an archive itself
    except BadArchive:
        reach = _FAR
    base = max(size - reach, 0)
    data = file.read(base, size - base)
    at = data.rfind(_MARK_MAGIC)
    while at >= 0:
        mark = Mark.parse(data[at:at + MARK.size])
        if mark and mark.start == base + at and _leads_to_archive(file, mark):
            return mark
        at = data.rfind(_MARK_MAGIC, 0, at)
    return None


def _leads_to_archive(file, mark: Mark) -> bool:
    if not mark.low + mark.span <= mark.size <= mark.start:
        return False
    try:
        return read_directory(Window(file, mark.size)).offset == mark.low + mark.span
    except BadArchive:
        return False


def undo_torn_cover(file) -> None:
    """Cut off the first pages of a cover that was never finished.  The file is locked."""
    mark = find_torn_cover(file)
    if mark:
        file.truncate(mark.size)
        file.sync()


def explain(file, error: NotAZip, adding: bool) -> NotAZip:
    """Say what can be done about a file in which no archive was found."""
    if find_torn_cover(file):
        return NotAZip("a run of zipalign was killed while it prepared a change; nothing is lost: "
                       "run it again, and it repairs the archive first")
    at = _find_local_header(file)
    if at is not None:
        return NotAZip(f"{error}; an entry starts at {at}, so it was an archive and has lost its "
                       "end: get the file again")
    if not adding:
        return error
    kind = "a program" if _is_program(file.read(0, 4)) else "a file"
    return NotAZip(f"{error}; it may be {kind} that never held one: then add --start, to begin "
                   "an archive behind its bytes")


def _is_program(head: bytes) -> bool:
    return head.startswith((b"\x7fELF", b"MZ", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"))


def _find_local_header(file) -> int | None:
    """The offset of what must be a local header; its four bytes alone also occur in programs."""
    step, overlap = 1 << 22, r.LOCAL_LENGTH + 64
    for base in range(0, min(file.size(), _LOOK), step):
        data = file.read(base, step + overlap)
        at = data.find(r.LOCAL_SIGNATURE)
        while 0 <= at < step:
            if _is_plausible(data[at:at + overlap]):
                return base + at
            at = data.find(r.LOCAL_SIGNATURE, at + 1)
    return None


def _is_plausible(head: bytes) -> bool:
    if len(head) < r.LOCAL_LENGTH:
        return False
    version, _, method = struct.unpack_from("<3H", head, 4)
    n_name = int.from_bytes(head[26:28], "little")
    name = head[r.LOCAL_LENGTH:r.LOCAL_LENGTH + min(n_name, 64)]
    return (version & 0xFF <= 63 and method in _METHODS and 0 < n_name <= 1024
            and len(name) == min(n_name, 64) and min(name) >= 32)
