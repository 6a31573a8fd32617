# SPDX-License-Identifier: Apache-2.0
"""The shell stub: stub.sh, minimised and filled in, as page 1 of the file (FORMAT 3).

    offset  size  content                                     who reads it
    0x1000  n     stub.sh without comments and indentation    dd, for the shell's eval
    +n      rest  newlines                                    (stripped by $(...))

`render` writes it; `parse` reads the table of programs back for layout and check.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from ape.errors import PolyglotError, StubError
from ape.targets import TARGETS, Target

PAGE = 4096
STUB_OFFSET = PAGE
HASH_CHARS = 20  # 80 bits of SHA-256 name a folder of the cache

_ROW = re.compile(r"unpack ([0-9a-f]{20}) ([0-9]{1,15}) ([0-9]{1,15}) ([0-9]{1,10})(?![0-9])")
_NO_FALLBACK = "! problem=4"  # there is no static program to fall back to: not a matter of folders
_CASE = re.compile(r"^(\".*\"(?: \| \".*\")*)\) native\(\) \{(.*)\} ;;$")


@dataclass(frozen=True)
class Row:
    """One program as the stub finds it: pages SKIP to SKIP + COUNT of the file."""

    target: str
    hash: str
    skip: int
    count: int
    crc: int

    @property
    def command(self) -> str:
        return f"unpack {self.hash} {self.skip} {self.count} {self.crc}"


def render(name: str, prefix: str, rows: list[Row], windows: bool) -> bytes:
    """The whole page. `windows` tells whether Cygwin and its kin can start the file as a PE."""
    cases = _cases(rows)
    if windows:
        cases.append('CYGWIN* | MSYS* | MINGW*) exec "$self" "$@" ;;')
    text = _minimised(Path(__file__).with_name("stub.sh").read_text("ascii"))
    before, _, rest = text.partition("#ROWS\n")
    text = before + "\n".join(cases) + rest.partition("#END")[2]
    words = {"PREFIX": prefix, "NAME": name}
    text = re.sub("PREFIX|NAME", lambda word: words[word[0]], text)
    page = text.encode("ascii")
    if len(page) > PAGE:
        raise StubError(f"the shell stub is {len(page)} bytes, its page holds {PAGE}: shorten NAME")
    return page.ljust(PAGE, b"\n")


def parse(page: bytes) -> tuple[str, list[Row]]:
    """Program name and table of a stub that `render` wrote."""
    try:
        text = page.decode("ascii")
    except UnicodeDecodeError:
        raise PolyglotError("the stub page is not ASCII text (FORMAT 3)") from None
    name = re.search(r"^program=\$folder/(\S+)$", text, re.MULTILINE)
    if not name:
        raise PolyglotError("the stub page holds no stub of ape (FORMAT 3)")
    rows = []
    for line in text.split("\n"):
        if case := _CASE.match(line):
            rows += _rows_of_case(case[1], case[2])
    return name[1], rows


def posix_cksum(data: bytes) -> int:
    """The CRC of the cksum tool: the polynomial of zlib's, but the other end of each byte first.

    So the bits of every byte, and of the result, are turned around. cksum starts at 0 where zlib
    starts at all ones, and feeds the length after the data, low byte first, without leading zeros.
    """
    length = len(data).to_bytes(8, "little").rstrip(b"\0")
    crc = zlib.crc32((data + length).translate(_TURNED), 0xFFFFFFFF)
    return int(f"{crc:032b}"[::-1], 2)


_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _minimised(script: str) -> str:
    lines = (line.strip() for line in script.split("\n"))
    return "".join(line + "\n" for line in lines if _is_code(line))


def _is_code(line: str) -> bool:
    return bool(line) and (not line.startswith("#") or line in ("#ROWS", "#END"))


def _cases(rows: list[Row]) -> list[str]:
    """One case branch per uname pattern; its rows are tried in the order of targets.TARGETS."""
    by_uname: dict[str, list[Row]] = {}
    by_target = {row.target: row for row in rows}
    for target in TARGETS.values():
        if target.name in by_target:
            by_uname.setdefault(target.uname, []).append(by_target[target.name])
    return [f"{uname}) native() {{ {_attempts(group)}; }} ;;" for uname, group in by_uname.items()]


def _attempts(group: list[Row]) -> str:
    """`[ -e LOADER ] && unpack ... || unpack ...`: the shell's && and || bind alike."""
    attempts = []
    for row in group:
        loader = TARGETS[row.target].loader
        attempts.append(f"[ -e {loader} ] && {row.command}" if loader else row.command)
    if TARGETS[group[-1].target].loader:
        attempts.append(_NO_FALLBACK)
    return " || ".join(attempts)


def _rows_of_case(uname: str, body: str) -> list[Row]:
    """The inverse of _attempts: a row with a loader test is the target that has that loader."""
    rows = []
    for attempt in body.strip(" ;").split(" || "):
        if attempt == _NO_FALLBACK:
            continue
        found = _ROW.search(attempt)
        target = _target_of(uname, attempt)
        if not found or not target:
            raise PolyglotError(f"stub: cannot read the table row for {uname} (FORMAT 3)")
        rows.append(Row(target.name, found[1], int(found[2]), int(found[3]), int(found[4])))
    return rows


def _target_of(uname: str, attempt: str) -> Target | None:
    for target in TARGETS.values():
        if target.uname == uname and (f"[ -e {target.loader} ]" in attempt) == bool(target.loader):
            return target
    return None
