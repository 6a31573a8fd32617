# SPDX-License-Identifier: Apache-2.0
"""Write entries of an archive as files, below one folder and never outside it."""
import contextlib
import os
import stat
from pathlib import Path

from . import records as r
from .check import check_data, place
from .errors import BadInput, DuplicateEntry, NoSuchEntry, Unsupported
from .file import DiskFile
from .names import check_name
from .reader import Entry, read_directory


def extract(file, folder: Path, names=(), progress=None) -> list[Path]:
    """Extract the named entries, or all, into folder, which is created; returns what was written.

    All names are checked before the first file is written.  A file that exists is not replaced, and
    no link on the way is followed.  Data is verified; a file with damaged data is removed again.
    """
    directory = read_directory(file)
    chosen = _choose(directory, names)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for entry in chosen:
        target = _target(folder, entry)
        if entry.is_directory:
            target.mkdir(exist_ok=True)
            continue
        _write(file, entry, directory.offset, target, progress)
        written.append(target)
    return written


def _choose(directory, names) -> list[Entry]:
    by_name: dict[str, Entry] = {}
    for entry in directory.entries:
        if entry.name in by_name:
            raise DuplicateEntry(f"{entry.name!r} is there twice; readers take different ones")
        by_name[entry.name] = entry
    for name in names:
        if name not in by_name:
            raise NoSuchEntry(f"no entry {name!r}")
    chosen = [by_name[name] for name in names] if names else directory.entries
    for entry in chosen:
        check_name(entry.name)
        if stat.S_ISLNK(entry.header.external_attr >> 16):
            raise Unsupported(f"{entry.name!r} is a symbolic link")
    return chosen


def _target(folder: Path, entry: Entry) -> Path:
    """The path to write, its folders made; raises BadInput if a link stands in the way."""
    here = folder
    *parents, last = entry.name.removesuffix("/").split("/")
    for part in parents:
        here /= part
        if here.is_symlink():
            raise BadInput("it is a link; extract into an empty folder").at(here)
        here.mkdir(exist_ok=True)
    return here / last


def _write(file, entry: Entry, limit: int, target: Path, progress) -> None:
    header = entry.header
    mode = 0o777 if header.external_attr >> 16 & 0o111 else 0o666
    try:
        out = DiskFile(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise BadInput("it exists; remove it or extract into another folder").at(target) from None
    at = 0

    def sink(data: bytes) -> None:
        nonlocal at
        out.write(at, data)
        at += len(data)

    try:
        with contextlib.closing(out):
            check_data(file, place(file, entry, limit), sink, progress)
    except BaseException:
        target.unlink()
        raise
    seconds = r.unix_time(header.mod_time, header.mod_date)
    os.utime(target, (seconds, seconds))
