# SPDX-License-Identifier: Apache-2.0
"""A new file that appears under its name only when it is complete, and leaves nothing otherwise."""
import contextlib
import errno
import os
from pathlib import Path

from .errors import ChangedMeanwhile


class NewFile:
    """A file without a name (Linux) or with a temporary one, open as .file until publish()."""

    def __init__(self, path: str, file_class):
        self._path = Path(path).resolve()
        self._folder = self._path.parent
        self._temporary: Path | None = None
        self._published = False
        try:
            self.file = file_class(self._folder, os.O_RDWR | os.O_TMPFILE)
        except (AttributeError, OSError):   # not Linux, or a file system that lacks it
            if not self._folder.is_dir():
                raise FileNotFoundError(errno.ENOENT, "its folder does not exist", path) from None
            hidden = f".{self._path.name}.{os.urandom(4).hex()}.tmp"
            self._temporary = self._folder / hidden
            self.file = file_class(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        self.file.path = path

    def publish(self) -> None:
        """Give the file its name; raises ChangedMeanwhile if somebody else took it."""
        try:
            if not self._temporary:
                self._link_unnamed()
            elif os.name == "nt":
                self._temporary.rename(self._path)   # refuses to replace
            else:
                self._path.hardlink_to(self._temporary)
                self._temporary.unlink()
        except FileExistsError:
            raise ChangedMeanwhile("another program created it meanwhile; run again to add to it"
                                   ).at(self._path) from None
        self._published = True
        self._sync_folder()

    def _link_unnamed(self) -> None:
        # With a dst_dir_fd Python calls linkat() with AT_SYMLINK_FOLLOW, which /proc needs.
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.link(f"/proc/self/fd/{self.file.fd}", self._path.name,
                    dst_dir_fd=folder)
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
        if self._temporary and not self._published:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
