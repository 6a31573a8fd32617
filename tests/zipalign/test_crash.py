# SPDX-License-Identifier: Apache-2.0
"""Whenever a run dies, every reader finds exactly the old or exactly the new archive."""
import io
import random
import zipfile
from pathlib import Path

import pytest

from tests.zipalign.make_zip import File, make_zip
from tests.zipalign.recording import crashes, prefixes, recorder
from tests.zipalign.zip_tools import accepts, contents
from zipalign import Archive
from zipalign.errors import WriteFailed

BIG = bytes(range(256)) * 300           # more than 64 KiB, so the old end is out of reach
OLD = {"w": BIG, ".args": b"old\n"}
RELATIVE = make_zip([File(b"w", BIG), File(b".args", b"old\n")], b"#!x\n" * 99, relative=True)


def first(out):
    out.add_bytes("w", BIG)
    out.add_bytes(".args", b"old\n")


def many(out):
    first(out)
    for i in range(200):                # a directory larger than a page
        out.add_bytes(f"page{i:03d}.html", b"x", align=1)


def replace_args(out):
    out.add_bytes(".args", b"new\n" * 50)


def replace_first(out):
    out.add_bytes("w", BIG[::-1])


def append(out):
    out.add_bytes("v", BIG * 2)
    out.add_bytes("u", BIG, level=9)


def everything(out):
    append(out)
    out.add_bytes(".args", b"z")
    out.delete("w")


CHANGES = [replace_args, replace_first, append, everything]


def make(start) -> bytes:
    if isinstance(start, bytes):
        return start
    with Archive("start.zip") as out:
        start(out)
    with open("start.zip", "rb") as file:
        return file.read()


def record(before: bytes, change, fail_at=None):
    """(log, content before, content after) of a change made to `before`."""
    with open("o.zip", "wb") as file:
        file.write(before)
    old = contents("o.zip")
    kind = recorder(fail_at)
    with Archive("o.zip", file_class=kind) as out:
        change(out)
    return kind.log, old, contents("o.zip")


def read(state: bytes) -> dict:
    """What zipfile and our own reader see, which must be the same."""
    with open("state.zip", "wb") as file:
        file.write(state)
    with Archive("state.zip") as out:
        out.check(deep=True)
        ours = {name: out.read(name) for name in out.names()}
    assert contents(io.BytesIO(state)) == ours
    return ours


@pytest.fixture(params=[first, many, RELATIVE], ids=["first", "many", "relative"])
def before(request, folder):
    return make(request.param)


@pytest.mark.parametrize("change", CHANGES)
def test_killed_between_any_two_calls(before, change):
    log, old, new = record(before, change)
    assert old != new
    switch = next(i for i, operation in enumerate(log) if operation[0] == "truncate")
    for done, state in enumerate(prefixes(before, log)):
        assert read(state) == (new if done > switch else old), done


@pytest.mark.parametrize("change", CHANGES)
def test_power_cut(before, change):
    log, old, new = record(before, change)
    per_epoch = 40 if len(old) < 100 else 12
    for state in crashes(before, log, per_epoch, seed=len(log)):
        assert read(state) in (old, new)


@pytest.mark.parametrize("change", CHANGES)
def test_next_run_succeeds_and_gives_back_the_space(before, change):
    log, _, new = record(before, change)
    size = Path("o.zip").stat().st_size
    for state in random.Random(1).sample(list(prefixes(before, log)), 8):
        with open("again.zip", "wb") as file:
            file.write(state)
        if contents("again.zip") == new:
            continue
        with Archive("again.zip") as out:
            change(out)
        assert contents("again.zip") == new
        assert Path("again.zip").stat().st_size == size


@pytest.mark.parametrize("change", CHANGES)
def test_disk_that_stays_broken_leaves_a_readable_archive(before, change):
    log, old, new = record(before, change)
    for fail_at in range(len(log)):
        with open("o.zip", "wb") as file:
            file.write(before)
        try:
            with Archive("o.zip", file_class=recorder(fail_at)) as out:
                change(out)
        except WriteFailed as error:
            assert "No space left" in str(error)
        assert contents("o.zip") in (old, new)


@pytest.mark.requires_tool("unzip", "7z", "bsdtar")
@pytest.mark.parametrize("tool", ["unzip", "7z", "bsdtar"])
def test_other_readers_between_the_calls(folder, tool):
    before = make(first)
    log = record(before, everything)[0]
    for state in prefixes(before, log):
        with open("state.zip", "wb") as file:
            file.write(state)
        accepts(tool, "state.zip")


def test_new_archive_appears_complete_or_not_at_all(folder):
    seen = []

    class Watching(recorder().__mro__[1]):
        log = ()

        def _note(self, what, at, data=b""):
            seen.append(list(folder.iterdir()))

    with Archive("o.zip", file_class=Watching) as out:
        first(out)
    assert seen
    assert all(names == [] for names in seen)
    assert contents("o.zip") == OLD
    with pytest.raises(zipfile.BadZipFile), Archive("p.zip") as out:
        first(out)
        raise zipfile.BadZipFile
    assert [path.name for path in folder.iterdir()] == ["o.zip"]
