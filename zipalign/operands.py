# SPDX-License-Identifier: Apache-2.0
"""Turn the FILE operands of the command line into (path, entry name) pairs."""
import os
import sys
from pathlib import Path
from typing import NamedTuple

from .errors import BadInput, NameTwice
from .names import check_name, name_for


class Input(NamedTuple):
    """One file to add."""

    path: str
    name: str
    shown: str                          # the path for messages


def expand(operands, junk: bool, recurse: bool, stack) -> list[Input]:
    """The files that the operands mean, in their order; folders in the order of their names.

    stack is an ExitStack that owns what standard input is spooled to.  Raises BadInput, BadName,
    NameTwice.
    """
    inputs: list[Input] = []
    for operand in operands:
        name, path = _split(operand)
        if path == "-":
            inputs.append(_standard_input(name, stack))
        elif recurse and Path(path).is_dir():
            inputs += _folder(path, name, junk)
        else:
            inputs.append(Input(path, name or name_for(path, junk), path))
    taken: dict[str, str] = {}
    for item in inputs:
        if item.name in taken:
            raise NameTwice(f"its entry name {item.name!r} is already taken by "
                            f"{taken[item.name]}; use NAME=PATH").at(item.shown)
        taken[item.name] = item.shown
    return inputs


def _split(operand: str) -> tuple[str, str]:
    """("", path) or (name, path); a file that exists under the whole operand wins."""
    name, equals, path = operand.partition("=")
    if not equals or os.path.lexists(operand):
        return "", operand
    if not path:
        raise BadInput("no file of that name, and nothing behind the '='").at(operand)
    check_name(name)
    return name, path


def _folder(path: str, name: str, junk: bool) -> list[Input]:
    """The regular files below a folder.  Links to folders are not followed, to avoid loops."""
    found = []

    def fail(error: OSError):
        raise BadInput(error.strerror).at(error.filename) from None

    for folder, folders, files in os.walk(path, onerror=fail):
        folders.sort()
        for file in sorted(files):
            full = os.path.join(folder, file)   # noqa: PTH118  Path drops "./"
            if name:
                entry = f"{name}/{os.path.relpath(full, path).replace(os.sep, '/')}"
                check_name(entry)
            else:
                entry = name_for(full, junk)
            found.append(Input(full, entry, full))
    return found


def _standard_input(name: str, stack) -> Input:
    if not name:
        raise BadInput("standard input needs a name: NAME=-").at("-")
    # Imported only here: they cost more time than a small run.
    import shutil
    import tempfile

    # The size must be known before the archive is touched, so it goes through a file.
    spool = tempfile.NamedTemporaryFile(prefix="zipalign-")   # noqa: SIM115  the stack closes it
    stack.enter_context(spool)
    shutil.copyfileobj(sys.stdin.buffer, spool)
    spool.flush()
    return Input(spool.name, name, "standard input")
