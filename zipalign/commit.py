# SPDX-License-Identifier: Apache-2.0
"""Replace the tail of an archive so that every reader finds a complete archive at every instant.

An archive is found from its end, so whoever writes behind the end record, or over it, leaves a
file without an archive until he is done.  We never do:

    before   | entries                | directory | end |
    cover    | entries                | directory | end |   (hole)    | mark | directory' | end' |
    fill     | entries | new data ... | new directory | new end | ... | mark | directory' | end' |
    switch   | entries | new data ... | new directory | new end |

1. cover: one write, far enough behind the old end, extends the file by a copy of the directory and
   the end record, all of it at once (but see below).  The file is the old archive again.  Sync.
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

The limit of this: readers want the directory right in front of its end record, so the cover must
appear in one piece.  A cover of one page (some 50 entries) always does.  A longer one does where
the file system knows direct writes: ext4, XFS, btrfs, tmpfs since Linux 6.6.  Elsewhere (macOS,
the BSDs, Windows, network disks) a run that is killed by force within that one write, or a power
cut, may leave its first pages only.  If the old end is then still within the last 64 KiB (readers
were tried with up to 65,000 bytes behind it), the archive is still valid; else it is not, for
anybody, until the next zipalign that changes it: nothing in it was touched yet, and a mark on the
cover's first page lets that run cut the file to what it was (recover.py).
"""
import bisect
import itertools

from . import records as r
from .file import PAGE
from .reader import Directory, Entry
from .recover import DESCRIPTOR_LENGTH, MARK, Mark, entry_end, moved, pack_tail

MAX_SPAN = 1 << 20                      # dead bytes at the end that are worth copying
_SPAN_ALIGN = 1 << 16


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
        self._new_size = -1
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
        start = max(self.low + room, self._old_size)
        start += -start % PAGE
        data = self._one_page(start) if not span else None
        if data is None:
            start, data = self._pages(start, span)
        self._file.extend(start, data)
        self._covered = True
        self._file.sync()

    def _one_page(self, far: int) -> bytes | None:
        """The cover for `far`, if it needs no more than the page there: that is never torn."""
        mark = Mark(self.low, 0, far, self._old_size).pack()
        length = len(pack_tail(self._directory.entries, far + len(mark), self._directory))
        pad = PAGE - len(mark) - length
        if pad < 0:
            return None
        # The length of the tail does not depend on where it is, but for the ZIP64 limit.
        tail = pack_tail(self._directory.entries, far + pad + len(mark), self._directory)
        return bytes(pad) + mark + tail

    def _pages(self, least: int, span: int) -> tuple[int, bytes]:
        """(start, cover), the start at a page not before `least`, with a mark on that page."""
        far = least + MARK.size
        if span:                        # the copy stands as its entries stood in their 64 KiB
            far += (self.low - far) % _SPAN_ALIGN
        mark = Mark(self.low, span, far, self._old_size)
        entries = [moved(e, far - self.low) if e.header.local_offset >= self.low else e
                   for e in self._directory.entries]
        gap = far - MARK.size - mark.start
        at = far + span + MARK.size
        pad = -(at + len(pack_tail(entries, at, self._directory))) % PAGE
        tail = pack_tail(entries, at + pad, self._directory)
        return mark.start, b"".join((mark.pack(), bytes(gap), self._saved[:span], bytes(pad),
                                     mark.pack(), tail))

    def switch(self, new_size: int) -> None:
        """The file now ends at new_size; everything before it is written."""
        self._new_size = new_size
        if self._file.size() != new_size:
            self._file.truncate(new_size)
        self._switched = True
        self._file.sync()

    def is_switched(self) -> bool:
        """True if there is no way back.

        The size of the file tells: a signal or an error may have come right behind the truncation.
        """
        return self._switched or (self._covered and self._file.size() == self._new_size)

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
        if self.is_switched():
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
            + header.compressed_size + DESCRIPTOR_LENGTH)
