# SPDX-License-Identifier: Apache-2.0
"""Bring an input into the archive and compute its CRC-32 on the way.

Stored data takes the cheapest way the system has: shared blocks (reflink), a copy inside the
kernel, or large buffers.  The checksum is computed on a second thread, right behind the copy and
from the archive itself, so it vouches for the bytes that are there, not for what was read.  Only
after a reflink it reads the input, whose pages are the ones in memory; the caller compares the
input's times before and after.
"""
import os
import queue
import threading
import zlib

from .errors import InputChanged, ZipAlignError
from .file import CLONE_BLOCK

SMALL = 1 << 20                         # up to here one read, one checksum, one write
_STEP = 8 << 20                         # one call of copy_file_range
_BUFFER = 1 << 20                       # stays in the second-level cache between read and CRC

try:
    # 8 times as fast as the standard library, which is enough to work.
    from isal.isal_zlib import crc32
except ImportError:
    from zlib import crc32


class Checksum:
    """CRC-32 of a growing range of a file, computed on its own thread."""

    def __init__(self, file, at: int):
        self._file = file
        self._at = at
        self._ends: queue.SimpleQueue = queue.SimpleQueue()
        self._crc = 0
        self._error: BaseException | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="crc32", daemon=True)
        self._thread.start()

    def reach(self, end: int) -> None:
        """Everything before `end` is there now."""
        self._ends.put(end)

    def finish(self) -> int:
        """The CRC-32 of all that was reached; raises what reading raised."""
        self._ends.put(None)
        self._thread.join()
        if self._error:
            raise self._error
        return self._crc

    def stop(self) -> None:
        """Give up: end the thread, without a result."""
        self._stopped = True
        self._ends.put(None)
        self._thread.join()

    def _run(self) -> None:
        buffer = memoryview(bytearray(_BUFFER))
        try:
            while (end := self._ends.get()) is not None and not self._stopped:
                while self._at < end and not self._stopped:
                    part = buffer[:min(_BUFFER, end - self._at)]
                    done = self._file.read_into(self._at, part)
                    if not done:
                        raise InputChanged(f"it ends at {self._at} instead of {end}"
                                           ).at(self._file.path)
                    self._crc = crc32(part[:done], self._crc)
                    self._at += done
        except (OSError, MemoryError, ZipAlignError) as error:   # handed to finish()
            self._error = error


def store(source, size: int, target, at: int, progress=None) -> int:
    """Copy `size` bytes of source to target[at:]; returns their CRC-32.

    source and target are DiskFiles or look like one.  progress(n) is called with the number of
    bytes since its last call.  Raises InputChanged if the source ends early, OSError from writes.
    """
    if size <= SMALL:
        data = source.read(0, size)
        if len(data) < size:
            raise InputChanged(f"it has {len(data)} bytes instead of {size}").at(source.path)
        target.write(at, data)
        if progress:
            progress(size)
        return crc32(data)
    done = size - size % CLONE_BLOCK
    cloned = target.clone(source.fd, 0, at, done)
    if not cloned:
        done = 0
    # The thread must read what cannot run away from it: after a clone, the input.
    checksum = Checksum(source, 0) if cloned else Checksum(target, at)
    base = 0 if cloned else at
    try:
        if done:
            _announce(checksum, progress, base, done)
        while done < size:
            step = _copy_step(source, done, target, at + done, min(_STEP, size - done))
            done += step
            checksum.reach(base + done)
            if progress:
                progress(step)
        return checksum.finish()
    except BaseException:
        checksum.stop()
        raise


def _announce(checksum: Checksum, progress, base: int, done: int) -> None:
    """After a clone all is there at once; the checksum is what takes time."""
    checksum.reach(base + done)
    if progress:
        progress(done)


def _copy_step(source, source_at: int, target, at: int, length: int) -> int:
    done = target.copy_range(source.fd, source_at, at, length)
    if done:
        return done
    data = source.read(source_at, length)
    if not data:
        raise InputChanged(f"it ends at {source_at}, it was longer when the run began"
                           ).at(source.path)
    target.write(at, data)
    return len(data)


def deflate(source, size: int, target, at: int, level: int, progress=None) -> tuple[int, int]:
    """Deflate `size` bytes of source to target[at:]; returns (CRC-32, compressed size).

    Stops and returns a compressed size >= size as soon as compression is no gain; the caller then
    stores instead.  What was written is then to be overwritten.
    """
    engine = zlib.compressobj(level, zlib.DEFLATED, -15, 9)
    crc = done = out = 0
    while done < size:
        data = source.read(done, min(_BUFFER, size - done))
        if not data:
            raise InputChanged(f"it ends at {done}, it had {size} bytes").at(source.path)
        done += len(data)
        crc = crc32(data, crc)
        packed = engine.compress(data)
        if out + len(packed) >= size:
            if progress:
                progress(len(data) - done)
            return crc, size
        target.write(at + out, packed)
        out += len(packed)
        if progress:
            progress(len(data))
    packed = engine.flush()
    if out + len(packed) >= size:
        if progress:
            progress(-done)
        return crc, size
    target.write(at + out, packed)
    return crc, out + len(packed)


def read_deflated(read, start: int, end: int, size: int, sink) -> None:
    """Inflate read(at, length) over start..end into sink(data); at most `size` bytes come out.

    Raises zlib.error for a broken stream and for one of another length.
    """
    engine = zlib.decompressobj(-15)
    left = size
    while not engine.eof:
        data = engine.unconsumed_tail
        if not data:
            data = read(start, min(_BUFFER, end - start))
            start += len(data)
        out = engine.decompress(data, min(_BUFFER, left + 1))
        left -= len(out)
        if left < 0:
            raise zlib.error(f"it unpacks to more than the {size} bytes in its header")
        sink(out)
        if not data and not out:
            raise zlib.error("the compressed data ends early")
    if left or start < end or engine.unused_data:
        raise zlib.error("the compressed data does not end where its header says")


class BytesSource:
    """Bytes in memory, as an input."""

    fd = -1

    def __init__(self, data: bytes, path: str = "<bytes>"):
        self._data = data
        self.path = path

    def read(self, at: int, length: int) -> bytes:
        return bytes(self._data[at:at + length])

    def close(self) -> None:
        pass


def identity(status: os.stat_result) -> tuple:
    """What must stay equal while an input is copied."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
