# SPDX-License-Identifier: Apache-2.0
"""Which names an entry may have, and how a path becomes one.

A name that we write must mean the same file on every system and never one outside the folder that
somebody extracts into (APPNOTE 4.4.17: relative, forward slashes, no drive letter).
"""
import os
import re

from .errors import BadName

# Device names on Windows, with any extension behind them.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?$",
                       re.IGNORECASE)
_CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f]")


def check_name(name: str) -> None:
    """Raise BadName, saying which rule, unless `name` is safe as an entry name."""
    problem = _problem(name)
    if problem:
        raise BadName(f"{name!r} cannot be an entry name: {problem}")


def _problem(name: str) -> str | None:
    if not name:
        return "it is empty"
    try:
        if len(name.encode()) > 0xFFFF:
            return "it is longer than 65535 bytes"
    except UnicodeEncodeError:
        return "it is not valid Unicode (APPNOTE appendix D)"
    if name.startswith("/"):
        return "it is absolute (APPNOTE 4.4.17.1)"
    if "\\" in name:
        return "it contains a backslash; folders are separated by '/' (APPNOTE 4.4.17.1)"
    if _CONTROL.search(name):
        return "it contains a control character"
    if ":" in name:
        return "it contains ':', which Windows takes for a drive or a stream"
    for part in name.removesuffix("/").split("/"):
        if part in ("", ".", ".."):
            return f"it has a component {part!r}"
        if part[-1] in ". ":
            return f"{part!r} ends in {part[-1]!r}, which Windows drops"
        if _RESERVED.match(part):
            return f"{part!r} is a device on Windows"
    return None


def name_for(path, junk: bool = False) -> str:
    """The entry name for a path given by the user: cleaned up, or BadName.

    Cleaned: "./", doubled slashes, a drive and leading slashes, the system's own separator.  With
    junk=True only the last component stays.  A ".." stays and is refused, because leaving it out
    would name another file.
    """
    path = os.path.splitdrive(os.fspath(path))[1]
    if os.sep != "/":
        path = path.replace(os.sep, "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    name = "/".join(parts[-1:] if junk else parts)
    try:
        check_name(name)
    except BadName as error:
        tip = "give another name with NAME=PATH"
        if not junk and ".." in parts:
            tip = "use -j to store the last component only, or NAME=PATH"
        raise BadName(f"{error}; {tip}").at(path) from None
    return name
