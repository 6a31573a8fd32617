# SPDX-License-Identifier: Apache-2.0
"""Finds the GGUF that a name means: a file, or a member of a zip (a llamafile is one).

FILE@MEMBER names the member; FILE alone stands for the only member that ends in .gguf. A path
that exists as it is written wins over the reading with "@".
"""

from pathlib import Path

from weights.errors import WeightsError
from weights.gguf import MAGIC, Gguf
from zipalign.errors import NotAZip, ZipAlignError
from zipalign.file import DiskFile
from zipalign.reader import Directory, Entry, data_range, read_directory
from zipalign.records import STORED


def open_gguf(name: str) -> tuple[Gguf, str]:
    """The GGUF, and the member's name or "" for a file that is one."""
    path, _, member = name.rpartition("@")
    if not path or Path(name).is_file():
        path, member = name, ""
    file = DiskFile(path)
    try:
        if not member and file.read(0, len(MAGIC)) == MAGIC:
            return Gguf(path), ""
        directory = read_directory(file)
        entry = _choose(path, directory, member)
        if entry.header.method != STORED:
            raise WeightsError(
                f"{path}: {entry.name} is compressed; pack it again with zipalign -0"
            )
        start, end = data_range(file, entry, directory.offset)
    except NotAZip:
        if member:
            raise WeightsError(f"{path}: not a zip archive") from None
        return Gguf(path), ""  # which says what is wrong with the file as a GGUF
    except ZipAlignError as error:
        raise WeightsError(f"{path}: {error}") from None
    finally:
        file.close()
    return Gguf(path, start, end - start), entry.name


def _choose(path: str, directory: Directory, member: str) -> Entry:
    if member:
        entry = directory.find(member)
        if entry is None:
            raise WeightsError(f"{path}: no member {member}")
        return entry
    names = sorted({e.name for e in directory.entries if e.name.lower().endswith(".gguf")})
    if not names:
        raise WeightsError(f"{path}: no member ends in .gguf")
    if len(names) > 1:
        raise WeightsError(f"{path}: {', '.join(names)}: choose one with {path}@MEMBER")
    return directory.find(names[0])
