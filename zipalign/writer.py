# SPDX-License-Identifier: Apache-2.0
"""Write one new entry: padding, local header, data; and know its place before it is written."""
import os
import stat
from typing import NamedTuple

from . import copy
from . import records as r
from .errors import BadInput, InputChanged
from .file import DiskFile

_ZEROS = bytes(1 << 16)


class Pending(NamedTuple):
    """An entry still to be written.  header lacks CRC, compressed size and offset."""

    header: r.CentralHeader
    align: int
    level: int                          # 0 stores, 1 to 9 deflate where that is a gain
    path: str                           # "" for bytes in memory
    data: bytes | None
    identity: tuple | None              # of the input when it was added


def normal_mode(mode: int) -> int:
    """The two modes worth keeping: what anybody may run, and what not."""
    return stat.S_IFREG | (0o755 if mode & 0o111 else 0o644)


def input_status(path: str) -> os.stat_result:
    """stat() of an input that must be a regular file; raises BadInput."""
    try:
        status = os.stat(path)          # noqa: PTH116  a Path costs more than the call
    except (OSError, ValueError) as error:
        raise BadInput(getattr(error, "strerror", None) or str(error)).at(path) from None
    if stat.S_ISDIR(status.st_mode):
        raise BadInput("it is a directory; use -r to add the files in it").at(path)
    if not stat.S_ISREG(status.st_mode):
        raise BadInput("it is not a regular file, so its size is not known").at(path)
    return status


def room_for(pending, at: int) -> int:
    """Where the entries end at most when the first may start at `at`."""
    for entry in pending:
        at += r.local_length(entry.header)
        if entry.header.uncompressed_size:
            at += -at % entry.align
        at += entry.header.uncompressed_size
    return at


class EntryWriter:
    """Writes entries one behind the other into a file."""

    def __init__(self, file, at: int, dirty_end: int, progress=None):
        """dirty_end: before it the file holds old bytes, behind it zeros."""
        self._file = file
        self.at = at
        self.heads: list[tuple[int, bytes]] = []     # (offset, local header) of what was written
        self._dirty_end = dirty_end
        self._progress = progress

    def write(self, pending: Pending) -> r.CentralHeader:
        """Write an entry at self.at and move that behind it; returns its finished header."""
        if pending.data is not None:
            return self._write_from(pending, copy.BytesSource(pending.data))
        with _Input(pending) as source:
            return self._write_from(pending, source)

    def _write_from(self, pending: Pending, source) -> r.CentralHeader:
        header = pending.header
        size = header.uncompressed_size
        length = r.local_length(header)
        gap, extra = r.padding(self.at, length, pending.align) if size else (0, 0)
        start = self.at + gap + length + extra
        crc, packed = 0, size
        if header.method == r.DEFLATED:
            crc, packed = copy.deflate(source, size, self._file, start, pending.level,
                                       self._progress)
            if packed >= size:          # no gain: what is stored can be mapped
                header = header._replace(method=r.STORED, version_needed=r.VERSION_STORED)
        if header.method == r.STORED:
            crc, packed = copy.store(source, size, self._file, start, self._progress), size
        header = header._replace(crc32=crc, compressed_size=packed, local_offset=self.at + gap)
        self._write_header(header, start, extra, pending.align)
        self.at = start + packed
        return header

    def _write_header(self, header: r.CentralHeader, start: int, extra: int, align: int) -> None:
        # What is padding stays a hole where the file is one; old bytes must go.
        head = r.local_head(header, extra, align)
        self._clear(self.at, header.local_offset)
        self._file.write(header.local_offset, head)
        self.heads.append((header.local_offset, head))
        self._clear(header.local_offset + len(head), start)

    def _clear(self, at: int, end: int) -> None:
        end = min(end, self._dirty_end)
        while at < end:
            step = min(end - at, len(_ZEROS))
            self._file.write(at, _ZEROS[:step])
            at += step


class _Input(DiskFile):
    """An input file, the same one that was added, unchanged until it is closed."""

    def __init__(self, pending: Pending):
        try:
            super().__init__(pending.path)
        except OSError as error:
            raise BadInput(f"{error.strerror}; it was there when the run began"
                           ).at(pending.path) from None
        self._identity = pending.identity

    def __enter__(self):
        try:
            self._verify(self.found)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, value, trace) -> None:
        try:
            if kind is None:
                self._verify(self.stat())
        finally:
            self.close()

    def _verify(self, status: os.stat_result) -> None:
        if copy.identity(status) != self._identity:
            raise InputChanged("it was changed while it was packed; nothing was added"
                               ).at(self.path)

    def read(self, at: int, length: int) -> bytes:
        return self._named(super().read, at, length)

    def read_into(self, at: int, buffer) -> int:
        return self._named(super().read_into, at, buffer)

    def _named(self, read, at: int, what):
        try:
            return read(at, what)
        except OSError as error:
            raise BadInput(f"cannot read: {error.strerror}").at(self.path) from None
