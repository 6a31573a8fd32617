# SPDX-License-Identifier: Apache-2.0
"""FORMAT.md and the code say the same: sections that messages cite, names, the first line."""

from __future__ import annotations

import re
from pathlib import Path

import ape
from ape import pe
from ape.targets import TARGETS
from toolchain import targets

FOLDER = Path(ape.__file__).parent
FORMAT = (FOLDER / "FORMAT.md").read_text("utf-8")


def test_cited_sections_exist():
    sections = set(re.findall(r"^(?:## )?(\d(?:\.\d+)?) ", FORMAT, re.MULTILINE))
    cited = set()
    for path in [*FOLDER.glob("*.py"), FOLDER / "stub.sh"]:
        for group in re.findall(r"FORMAT ([\d., ]*\d)", path.read_text("utf-8")):
            cited |= set(group.split(", "))
    assert len(cited) > 5
    assert cited <= sections


def test_first_line_is_quoted_in_full():
    assert f"    {pe.HEAD.decode()}" in FORMAT
    assert f"these {len(pe.HEAD)} bytes" in FORMAT


def test_targets_are_those_of_the_build():
    assert set(TARGETS) == {target.name for target in targets.TARGETS}
    listed = re.search(r"1\.1 Targets are named `([^`]*)`", FORMAT)[1].split()
    assert sorted(listed) == sorted(TARGETS)


def test_messages_of_the_stub_are_listed():
    script = (FOLDER / "stub.sh").read_text("ascii")
    messages = re.findall(r'\bsay "([^"]*)"', script)
    assert len(messages) == 5
    words = {"$system": "SYSTEM", "$self": "FILE", "$cache": "FOLDER", "$dir": "PLACE"}
    words["PREFIX_CACHE"] = "P_CACHE"
    for message in messages:
        for word, meaning in words.items():
            message = message.replace(word, meaning)
        assert f"`NAME: {message}`" in FORMAT
