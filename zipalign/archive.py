# SPDX-License-Identifier: Apache-2.0
r"""Archive: open a ZIP archive, add, replace and delete entries, commit them as one change.

    with Archive("out.llamafile") as archive:
        archive.add("weights.gguf")
        archive.add_bytes(".args", b"-m\nweights.gguf\n")

Leaving the block commits; an exception in it leaves the archive as it was.  The file may be any
archive: a self-extractor, a polyglot, another tool's.  Its entries keep their place and bytes; what
changes is the end of the file, under the protocol of commit.py.  Offsets that we write are
absolute file offsets (a prefix counts), also where the archive had relative ones.

New data starts at a multiple of the alignment (64 KiB, so that every system can map it), by means
of a padding extra field that other tools keep; see records.padding().  Times are fixed, and modes
are 0644 or 0755, so that the same inputs give the same bytes.
"""
import mmap
import os
import stat
from pathlib import Path

from . import check as checks
from . import records as r
from .commit import Commit
from .create import NewFile
from .errors import (
    BadAlignment,
    BadArchive,
    BadInput,
    ChangedMeanwhile,
    NameTwice,
    NoSuchEntry,
    NotAZip,
    Unsupported,
    WriteFailed,
    ZipAlignError,
)
from .file import DiskFile, Window
from .names import check_name, name_for
from .reader import Directory, Entry, read_directory
from .recover import explain, pack_directory, recover, undo_torn_cover
from .writer import EntryWriter, Pending, input_status, normal_mode, room_for

DEFAULT_ALIGN = 1 << 16
MAX_ALIGN = 1 << 30
AS_IT_WAS = "the archive is as it was"
DONE = "the change is done"


def fixed_time() -> int:
    """The time for new entries: SOURCE_DATE_EPOCH if it is set, else records.FIXED_TIME."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return r.FIXED_TIME
    if not (text.isascii() and text.isdigit()):
        raise BadInput(f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds")
    return int(text)


def check_align(align: int) -> int:
    """Return align, or raise BadAlignment."""
    if not 1 <= align <= MAX_ALIGN or align & (align - 1):
        raise BadAlignment(f"alignment {align} is not a power of two from 1 to {MAX_ALIGN}")
    return align


class Archive:
    """An archive opened for change, locked against other runs.  Not for use by two threads."""

    def __init__(self, path, *, start: bool = False, align: int = DEFAULT_ALIGN, level: int = 0,
                 readonly: bool = False, file_class=DiskFile):
        """Open `path`, or prepare to create it: it appears when it is complete.

        readonly=True only reads: the file must exist, is not locked, and cannot be changed.

        start=True begins an archive behind a file that holds none; without it such a file is
        refused, because a damaged archive looks the same.  align (bytes) and level (0 stores, 1 to
        9 deflate) are defaults for add().  Raises BadArchive, Locked, OSError.
        """
        self.path = os.fspath(path)
        self._align = check_align(align)
        self._level = level
        self._readonly = readonly
        self._time = fixed_time()
        self._pending: dict[str, Pending] = {}
        self._deleted: set[str] = set()
        self._new: NewFile | None = None
        self._directory: Directory | None = None
        try:
            self._file = self._open(file_class)
            if not readonly:
                self._file.lock()
            self._load(start)
        except BaseException as error:
            self.close()
            if isinstance(error, ZipAlignError):
                error.at(self.path)
            raise

    _file = None
    outcome = AS_IT_WAS                 # of the last commit(), in words

    def _open(self, file_class):
        try:
            status = Path(self.path).stat()
        except FileNotFoundError:
            if self._readonly:
                raise
            self._new = NewFile(self.path, file_class)
            return self._new.file
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise BadArchive(f"it is {kind}; the archive must be a file")
        return file_class(self.path, os.O_RDONLY if self._readonly else os.O_RDWR)

    def _load(self, start: bool) -> None:
        if not self._readonly:
            undo_torn_cover(self._file)
        if self._file.size():
            try:
                self._directory = read_directory(self._file)
            except NotAZip as error:
                if not start:
                    raise explain(self._file, error, not self._readonly) from None
        self._found = self._fingerprint()

    def _fingerprint(self) -> tuple:
        status = self._file.stat()
        return status.st_size, status.st_mtime_ns

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, kind, value, trace) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.close()

    def close(self) -> None:
        """Release file and lock; what was not committed is forgotten."""
        if self._new:
            self._new.close()
        if self._file:
            self._file.close()

    @property
    def entries(self) -> list[Entry]:
        """The committed entries, in the order of the directory."""
        return list(self._directory.entries) if self._directory else []

    def names(self) -> list[str]:
        return [entry.name for entry in self.entries]

    def find(self, name: str) -> Entry:
        """The committed entry of that name; raises NoSuchEntry."""
        entry = self._directory.find(name) if self._directory else None
        if entry is None:
            raise NoSuchEntry(f"no entry {name!r}").at(self.path)
        return entry

    def read(self, name: str) -> bytes:
        """The data of a committed entry, its size and checksum verified; raises BadArchive."""
        return checks.read_entry(self._file, self.find(name), self._directory.offset)

    def map(self, name: str) -> memoryview:
        """The data of a stored entry as a read-only view of the mapped file; raises BadArchive.

        The view stays valid after close().  Its size is verified, its checksum is not.
        """
        entry = self.find(name)
        if entry.header.method != r.STORED or entry.header.flags & r.FLAG_ENCRYPTED:
            raise Unsupported(f"{name!r} is not stored as it is, so it cannot be mapped; add it "
                              "again with level 0").at(self.path)
        where = checks.place(self._file, entry, self._directory.offset)
        if where.data == where.end:
            return memoryview(b"")
        base = where.data - where.data % mmap.ALLOCATIONGRANULARITY
        pages = mmap.mmap(self._file.fd, where.end - base, access=mmap.ACCESS_READ, offset=base)
        return memoryview(pages)[where.data - base:]

    def check(self, deep: bool = False) -> None:
        """Verify every rule of the committed archive, with deep=True also every checksum.

        Raises the first problem as a BadArchive; zipalign.check.problems() lists them all.
        """
        for problem in checks.problems(self._file, deep=deep):
            raise problem.at(self.path)

    def add(self, path, name: str | None = None, *, align: int | None = None,
            level: int | None = None, seconds: int | None = None, junk: bool = False) -> str:
        """Plan to add the file at `path`, instead of any entry of that name; returns the name.

        It is read at commit() and must not change until then.  name defaults to the path, cleaned
        as names.name_for() says, or with junk=True to its last component.  seconds is the entry's
        time.  Raises BadName, NameTwice, BadInput, BadAlignment.
        """
        path = os.fspath(path)
        if name is None:
            name = name_for(path, junk)
        else:
            check_name(name)
        status = input_status(path)
        if self._file and os.path.samestat(status, self._file.found):
            raise BadInput("it is the archive itself").at(path)
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        self._plan(name, status.st_size, normal_mode(status.st_mode), align, level, seconds,
                   path=path, identity=identity)
        return name

    def add_bytes(self, name: str, data: bytes, *, mode: int = 0o644, align: int | None = None,
                  level: int | None = None, seconds: int | None = None) -> None:
        """Plan to add an entry with this data; otherwise like add()."""
        check_name(name)
        self._plan(name, len(data), normal_mode(mode), align, level, seconds, data=bytes(data))

    def planned_size(self) -> int:
        """How many bytes of input the next commit() will read."""
        return sum(p.header.uncompressed_size for p in self._pending.values())

    def delete(self, name: str) -> None:
        """Plan to drop every entry of that name; its room is used again if it is at the end."""
        self._refuse_if_readonly()
        self.find(name)
        self._deleted.add(name)

    def _refuse_if_readonly(self) -> None:
        if self._readonly:
            raise ZipAlignError("it was opened for reading only").at(self.path)

    def _plan(self, name, size, mode, align, level, seconds, path="", data=None,
              identity=None) -> None:
        self._refuse_if_readonly()
        if name in self._pending:
            other = self._pending[name].path or "bytes in memory"
            raise NameTwice(f"entry name {name!r} is already taken by {other}; use NAME=PATH"
                            ).at(path)
        align = self._align if align is None else check_align(align)
        level = self._level if level is None else level
        method = r.DEFLATED if level and size else r.STORED
        header = r.new_entry(name.encode(), mode, self._time if seconds is None else seconds,
                             method)
        self._pending[name] = Pending(header._replace(uncompressed_size=size,
                                                      compressed_size=size),
                                      align, level, path, data, identity)

    def commit(self, progress=None) -> None:
        """Make the planned changes, all or none; progress(n) hears of every n bytes done.

        Raises ZipAlignError, KeyboardInterrupt and whatever else came up; self.outcome then says
        what became of the archive: nearly always it is as it was.  A new archive is created even
        if nothing was added to it.
        """
        self.outcome = AS_IT_WAS
        if self._new is None and not self._pending and not self._deleted:
            return
        if self._fingerprint() != self._found:
            raise ChangedMeanwhile("another program changed it after it was opened; run again"
                                   ).at(self.path)
        if self._directory:
            self._directory = recover(self._file, self._directory)
        dead, live = self._divide()
        commit = Commit(self._file, self._directory, dead)
        try:
            self._directory = self._write(commit, live, progress)
            if self._new:
                self._new.publish()
                self._new = None
            self._pending, self._deleted = {}, set()
            self._found = self._fingerprint()
            self.outcome = DONE
        except BaseException as error:
            self.outcome = self._settle(commit)
            if isinstance(error, OSError):
                raise WriteFailed(f"cannot write: {error.strerror or error}; {self.outcome}"
                                  ).at(self.path) from error
            if isinstance(error, ZipAlignError) and self.outcome != AS_IT_WAS:
                error.args = (f"{error.args[0]}; {self.outcome}",)
            raise

    def _settle(self, commit: Commit) -> str:
        """After a failure: undo what can be undone; returns what to say about the archive."""
        if self._new:
            return DONE if self._new.is_published() else AS_IT_WAS
        try:
            if commit.is_switched():
                return DONE
            commit.roll_back()
        except (OSError, KeyboardInterrupt) as error:
            reason = getattr(error, "strerror", None) or "interrupted"
            return (f"the archive is complete, but its old end could not be put back ({reason}); "
                    "the next run gives back the space")
        return AS_IT_WAS

    def _divide(self) -> tuple[list[Entry], list[Entry]]:
        dead, live = [], []
        for entry in self.entries:
            gone = entry.name in self._pending or entry.name in self._deleted
            (dead if gone else live).append(entry)
        return dead, live

    def _write(self, commit: Commit, live: list[Entry], progress) -> Directory:
        """The passes of commit.py: cover, fill, verify, switch."""
        bias = self._directory.bias if self._directory else 0
        kept = pack_directory(live, bias)
        comment = self._directory.comment if self._directory else b""
        pending = list(self._pending.values())
        data_end = room_for(pending, commit.low)
        headers_most = sum(len(p.header.file_name) + r.CENTRAL_LENGTH + 28 for p in pending)
        room = data_end - commit.low + len(kept) + headers_most + len(comment) + 98
        commit.cover(room)
        writer = EntryWriter(self._file, commit.low, commit.dirty_end, progress)
        added = [writer.write(p).pack() for p in pending]
        # Nothing after this line changes the place of an entry.
        directory = kept + b"".join(added)
        end = r.end_records(len(live) + len(added), len(directory), writer.at, comment)
        self._file.write(writer.at, directory + end)
        self._file.sync()
        new_size = writer.at + len(directory) + len(end)
        written = checks.verify_written(Window(self._file, new_size), writer.at, directory,
                                        writer.heads)
        commit.switch(new_size)
        commit.retire(live)
        return written
