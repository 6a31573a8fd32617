# SPDX-License-Identifier: Apache-2.0
"""A new file that appears under its name only when it is complete, and leaves nothing otherwise.

create() is for whoever writes a file from start to end; NewFile is what it, and Archive, stand on.
"""
import contextlib
import errno
import os
import signal
from pathlib import Path

from .errors import ChangedMeanwhile
from .file import DiskFile

try:
    import fcntl
except ImportError:                     # Windows
    fcntl = None

_POLITE = ("SIGTERM", "SIGHUP")         # SIGINT raises KeyboardInterrupt as it is


@contextlib.contextmanager
def create(path, *, mode: int = 0o666):
    """Write a whole file: yields a binary file; leaving the block puts it in the place of `path`.

    Until then `path` stays as it was, and it never shows a part: the new file stands beside it,
    without a name where the system can do that, is synced and then renamed.  An exception in the
    block removes it; so do SIGTERM and SIGHUP, which raise KeyboardInterrupt in the block as
    Ctrl-C does, unless the program handles them itself.  If `path` is a symbolic link, the file
    that it leads to is replaced and the link stays; a device or a pipe is written as it is.  mode
    is less the umask, and is not taken from the file before.  Raises OSError that names `path`.
    """
    path = os.fspath(path)
    if Path(path).exists() and not Path(path).is_file():
        with open(path, "wb") as file:
            yield file
        return
    with polite_interrupts():
        try:
            new = NewFile(path, DiskFile, mode)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        with contextlib.closing(new):
            with open(new.file.fd, "wb", closefd=False) as file:
                yield file
            try:
                new.file.sync()
                new.publish(replace=True)
            except OSError as error:
                raise OSError(error.errno, error.strerror, path) from None


@contextlib.contextmanager
def polite_interrupts():
    """Let a polite request to end (SIGTERM, SIGHUP) run the same clean-up as Ctrl-C."""
    before = {}

    def interrupt(number, frame):
        raise KeyboardInterrupt

    with contextlib.suppress(ValueError):   # not the main thread: leave it to the caller
        for name in _POLITE:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class NewFile:
    """A file without a name (Linux) or with a temporary one, open as .file until publish()."""

    def __init__(self, path: str, file_class, mode: int = 0o666):
        self._path = Path(path).resolve()
        self._folder = self._path.parent
        self._temporary: Path | None = None
        self.file = self._unnamed(file_class, mode)
        if self.file is None:
            if not self._folder.is_dir():
                raise FileNotFoundError(errno.ENOENT, "its folder does not exist", path)
            self._temporary = self._hidden()
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
            self.file = file_class(self._temporary, flags, mode)
        self.file.path = path

    def _hidden(self) -> Path:
        return self._folder / f".{self._path.name[:200]}.{os.urandom(4).hex()}.tmp"

    def _unnamed(self, file_class, mode: int):
        """A file that vanishes by itself; None if it could not get a name later (no /proc)."""
        try:
            file = file_class(self._folder, os.O_RDWR | os.O_TMPFILE, mode)
        except (AttributeError, OSError):   # not Linux, or a file system that lacks it
            return None
        if os.path.exists(_proc(file)):     # noqa: PTH110  a Path would resolve the link
            return file
        file.close()
        return None

    def publish(self, replace: bool = False) -> None:
        """Give the file its name.

        Without replace, raises ChangedMeanwhile if somebody else took the name.
        """
        try:
            if replace:
                self._replace()
            elif self._temporary:
                self._name_temporary()
            else:
                self._link_unnamed(self._path.name)
        except FileExistsError:
            raise ChangedMeanwhile("another program created it meanwhile; run again to add to it"
                                   ).at(self._path) from None
        self._sync_folder()

    def is_published(self) -> bool:
        """True if the name leads to this file, whatever else has happened."""
        try:
            return os.path.samestat(self._path.stat(), self.file.stat())
        except OSError:
            return False

    def _replace(self) -> None:
        if not self._temporary:
            hidden = self._hidden()
            self._temporary = hidden        # first, so that close() removes it
            self._link_unnamed(hidden.name)
        if os.name == "nt":
            self.file.close()               # what is open cannot be renamed there
        self._temporary.replace(self._path)

    def _name_temporary(self) -> None:
        if os.name != "nt":
            try:
                self._path.hardlink_to(self._temporary)
            except FileExistsError:
                raise
            except OSError:
                self._rename()              # FAT, exFAT and some network disks have no links
            else:
                self._temporary.unlink()
            return
        self._temporary.rename(self._path)  # refuses to replace

    def _rename(self) -> None:
        """Rename where that would replace: look first, with other runs locked out meanwhile."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(folder, fcntl.LOCK_EX)
            if os.path.lexists(self._path):
                raise FileExistsError(errno.EEXIST, "File exists")
            self._temporary.rename(self._path)
        finally:
            os.close(folder)

    def _link_unnamed(self, name: str) -> None:
        # With a dst_dir_fd Python calls linkat() with AT_SYMLINK_FOLLOW, which /proc needs.
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.link(_proc(self.file), name, dst_dir_fd=folder)
        finally:
            os.close(folder)

    def _sync_folder(self) -> None:
        if os.name == "nt":
            return                      # folders cannot be opened for syncing there
        folder = os.open(self._folder, os.O_RDONLY)
        with contextlib.suppress(OSError):
            os.fsync(folder)
        os.close(folder)

    def close(self) -> None:
        """Remove what was not published."""
        self.file.close()
        if self._temporary:             # already gone if publish() came to its end
            with contextlib.suppress(OSError):
                self._temporary.unlink()


def _proc(file) -> str:
    return f"/proc/self/fd/{file.fd}"
