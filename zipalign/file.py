# SPDX-License-Identifier: Apache-2.0
"""The one place that touches a disk file: positioned reads and writes, sync, lock, kernel copies.

Everything above works through these methods, so a test can hand in an object that records or
refuses them.  Where a system lacks a call, the method says so (False, or 0 bytes done) and the
caller takes the plain path; nothing else in this package asks which system it runs on.
"""
import errno
import mmap
import os
import stat
import struct
import threading

from .errors import Locked

try:
    import fcntl
except ImportError:                     # Windows
    fcntl = None
    import msvcrt

# O_NONBLOCK: to open a pipe must not wait for a writer; regular files do not know it.
BINARY = (getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
          | getattr(os, "O_NONBLOCK", 0))

# linux/fs.h: _IOW(0x94, 13, struct file_clone_range {s64 fd; u64 from, length, to})
_FICLONERANGE = 0x4020940D
PAGE = 4096
CLONE_BLOCK = 4096                      # btrfs and XFS share whole blocks of (at least) this size


class DiskFile:
    """An open regular file; OSError for any other kind.

    Offsets and lengths are bytes; a read is short only at the end of the file.
    """

    def __init__(self, path, flags: int = os.O_RDONLY, mode: int = 0o666):
        self.path = os.fspath(path)
        self.fd = os.open(self.path, flags | BINARY, mode)
        self.found = os.fstat(self.fd)      # as it was when it was opened
        kind = self.found.st_mode
        if not stat.S_ISREG(kind):
            self.close()
            if stat.S_ISDIR(kind):
                raise IsADirectoryError(errno.EISDIR, "it is a directory", self.path)
            raise OSError(errno.EINVAL, "it is not a regular file", self.path)
        self._seeking = threading.Lock()   # for systems without pread, where position is shared

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def stat(self) -> os.stat_result:
        return os.fstat(self.fd)

    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def read(self, at: int, length: int) -> bytes:
        parts = []
        while length > 0:
            part = self._read_some(at, length)
            if not part:
                break
            parts.append(part)
            at += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_into(self, at: int, buffer) -> int:
        """Fill the start of a buffer; returns how much came, 0 at the end of the file."""
        if hasattr(os, "preadv"):
            return os.preadv(self.fd, [buffer], at)
        data = self._read_some(at, len(buffer))
        buffer[:len(data)] = data
        return len(data)

    def write(self, at: int, data) -> None:
        """Write all of data, which may be any buffer, or raise OSError."""
        view = memoryview(data)
        while view:
            done = self._write_some(at, view)
            at += done
            view = view[done:]

    def extend(self, at: int, data: bytes) -> None:
        """Write data, which lies behind the end of the file and ends at a multiple of PAGE.

        The new size appears with all of the data or not at all, as far as the system can do that:
        one page is never torn; more goes past the page cache, where file systems update the size
        once, after the data.
        """
        if len(data) <= PAGE or not self._extend_directly(at, data):
            self.write(at, data)

    def _extend_directly(self, at: int, data: bytes) -> bool:
        if not hasattr(os, "O_DIRECT"):
            return False
        head = at % PAGE                # direct writes are whole pages from whole pages
        try:
            direct = os.open(f"/proc/self/fd/{self.fd}", os.O_WRONLY | os.O_DIRECT)
        except OSError:
            return False
        try:
            with mmap.mmap(-1, head + len(data)) as pages:
                pages[head:] = data
                done = os.pwrite(direct, pages, at - head)
        except OSError:
            return False                # a file system without it; the plain write tells the rest
        finally:
            os.close(direct)
        return done == head + len(data)

    def truncate(self, size: int) -> None:
        os.ftruncate(self.fd, size)

    def sync(self) -> None:
        """Return once everything written so far would survive a power cut."""
        if fcntl is not None and hasattr(fcntl, "F_FULLFSYNC"):
            fcntl.fcntl(self.fd, fcntl.F_FULLFSYNC)     # macOS: fsync stops at the drive's cache
        else:
            os.fsync(self.fd)

    def lock(self) -> None:
        """Keep other runs out until close(); raises Locked at once if one is at work."""
        try:
            if fcntl is not None:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                # A byte far behind the data: Windows locks are mandatory, readers must not notice.
                os.lseek(self.fd, 1 << 62, os.SEEK_SET)
                msvcrt.locking(self.fd, msvcrt.LK_NBLCK, 1)
        except (BlockingIOError, PermissionError):
            raise Locked("another process is changing this archive; wait until it has ended"
                         ) from None

    def clone(self, source_fd: int, source_at: int, at: int, length: int) -> bool:
        """Share the blocks of a source range (all multiples of CLONE_BLOCK); False: cannot."""
        if fcntl is None or not length:
            return False
        try:
            fcntl.ioctl(self.fd, _FICLONERANGE,
                        struct.pack("=q3Q", source_fd, source_at, length, at))
        except OSError:
            return False                # other file system, ext4, not Linux: nothing was changed
        return True

    def copy_range(self, source_fd: int, source_at: int, at: int, length: int) -> int:
        """Let the kernel copy up to length bytes; 0: it cannot, or the source has ended."""
        if not hasattr(os, "copy_file_range"):
            return 0
        try:
            return os.copy_file_range(source_fd, self.fd, length, source_at, at)
        except OSError as e:
            if e.errno in _REAL_FAILURES:
                raise
            return 0                    # EXDEV, EINVAL, ENOSYS, EOPNOTSUPP and what will come

    if hasattr(os, "pread"):
        def _read_some(self, at: int, length: int) -> bytes:
            return os.pread(self.fd, min(length, _MOST), at)

        def _write_some(self, at: int, data) -> int:
            return os.pwrite(self.fd, data[:_MOST], at)
    else:
        def _read_some(self, at: int, length: int) -> bytes:
            with self._seeking:
                os.lseek(self.fd, at, os.SEEK_SET)
                return os.read(self.fd, min(length, _MOST))

        def _write_some(self, at: int, data) -> int:
            with self._seeking:
                os.lseek(self.fd, at, os.SEEK_SET)
                return os.write(self.fd, data[:_MOST])


_MOST = 1 << 30                         # one call moves at most 2 GiB on Linux, less elsewhere


def _real_failures() -> frozenset[int]:
    names = ("ENOSPC", "EDQUOT", "EIO", "EFBIG", "EROFS")
    return frozenset(getattr(errno, n) for n in names if hasattr(errno, n))


_REAL_FAILURES = _real_failures()


class Window:
    """A file seen as if it ended at `size`: the archive as it will be after truncation."""

    def __init__(self, file, size: int):
        self._file = file
        self._size = size
        self.path = file.path

    def size(self) -> int:
        return self._size

    def read(self, at: int, length: int) -> bytes:
        return self._file.read(at, max(min(length, self._size - at), 0))
