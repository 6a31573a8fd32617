# SPDX-License-Identifier: Apache-2.0
"""The table of targets, and the words that users may type for them."""

import pytest

from ape.targets import TARGETS as APE_TARGETS
from toolchain import targets

NAMES = [target.name for target in targets.TARGETS]


def test_there_are_fourteen_of_two_architectures() -> None:
    assert len(set(NAMES)) == 14
    assert {target.arch for target in targets.TARGETS} == {"x86_64", "aarch64"}


def test_ape_knows_the_same_names() -> None:
    assert sorted(APE_TARGETS) == sorted(NAMES)


@pytest.mark.parametrize("target", targets.TARGETS, ids=NAMES)
def test_name_and_triple_agree(target: targets.Target) -> None:
    arch, os, *libc = target.name.split("-")
    assert (arch, os) == (target.arch, target.os)
    assert target.triple.startswith("-".join([arch, os, *libc]))
    assert target.suffix == (".exe" if os == "windows" else "")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("amd64-linux-musl", "x86_64-linux-musl"),
        ("arm64-darwin", "aarch64-macos"),
        ("x64-win32", "x86_64-windows"),
        ("aarch64-openbsd", "aarch64-openbsd"),
    ],
)
def test_aliases(word: str, name: str) -> None:
    assert targets.find(word).name == name


@pytest.mark.parametrize("words", ["", "linux", "x86_64-macos,", "x86_64-linux-gnu.2.17"])
def test_unknown_words_are_refused(words: str) -> None:
    with pytest.raises(KeyError):
        targets.parse(words)


def test_list_keeps_the_order_of_the_table() -> None:
    chosen = targets.parse("aarch64-openbsd,amd64-macos,x86_64-macos")
    assert [target.name for target in chosen] == ["x86_64-macos", "aarch64-openbsd"]
    assert targets.parse("all") == targets.TARGETS
