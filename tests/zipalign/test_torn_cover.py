# SPDX-License-Identifier: Apache-2.0
"""Killed inside the one write that makes the cover, where a system cannot do it in one piece."""
from pathlib import Path

import pytest

from tests.zipalign.make_zip import File, make_zip
from tests.zipalign.recording import recorder
from tests.zipalign.test_crash import append, everything, many
from tests.zipalign.zip_tools import accepts, contents
from zipalign import Archive
from zipalign.file import PAGE, DiskFile

INNER = make_zip([File(b"inner", b"i" * 500)])


def with_inner_archive(out):
    many(out)
    out.add_bytes("z.zip", INNER + bytes(9000))


def replace_inner(out):
    out.add_bytes("z.zip", b"now it is text")
    append(out)


def torn_states(start, change):
    """(before, each file that is left when the cover is cut behind one of its pages)."""
    with Archive("start.zip") as out:
        start(out)
    before = Path("start.zip").read_bytes()
    Path("o.zip").write_bytes(before)
    kind = recorder()
    with Archive("o.zip", file_class=kind) as out:
        change(out)
    cover = next(i for i, operation in enumerate(kind.log) if operation[0] == "extend")
    _, at, data = kind.log[cover]
    assert at % PAGE == 0
    assert len(data) > PAGE
    assert cover == 0                   # nothing has been touched before it
    state = before + bytes(at - len(before))
    return before, [state + data[:cut] for cut in range(0, len(data), PAGE)]


@pytest.mark.parametrize(("start", "change"), [
    (many, append), (many, everything), (with_inner_archive, replace_inner)])
def test_next_run_repairs(folder, zipalign, start, change):
    before, states = torn_states(start, change)
    (folder / "f").write_bytes(b"f")
    old = contents("start.zip")
    for i, state in enumerate(states[1:]):
        (folder / "o.zip").write_bytes(state)
        with Archive("o.zip"):
            pass
        assert (folder / "o.zip").read_bytes() == before, i
        (folder / "o.zip").write_bytes(state)
        assert zipalign("--start", "o.zip", "f") == (0, "", "")
        assert contents("o.zip") == old | {"f": b"f"}


def test_looking_names_the_cure(folder, zipalign):
    _, states = torn_states(many, append)
    for state in states[1:]:
        (folder / "o.zip").write_bytes(state)
        for mode in ("--list", "--check"):
            assert zipalign(mode, "o.zip") == (
                1, "", "zipalign: error: o.zip: a run of zipalign was killed while it prepared a "
                       "change; nothing is lost: run it again, and it repairs the archive first\n")
        assert (folder / "o.zip").read_bytes() == state


@pytest.mark.requires_tool("unzip", "7z", "bsdtar", "busybox")
@pytest.mark.parametrize("tool", ["unzip", "7z", "bsdtar", "busybox"])
def test_near_cover_needs_no_repair(folder, tool):
    """As long as the old end is in reach, other readers find it, whatever is behind it."""
    _, states = torn_states(many, lambda out: out.add_bytes("s", b"small", align=1))
    for state in states:
        (folder / "o.zip").write_bytes(state)
        accepts(tool, "o.zip")
        assert contents("o.zip") == contents("start.zip")


def test_mark_in_data_is_not_a_cover(folder):
    """An archive stored in an archive, torn as it is, is data."""
    _, states = torn_states(many, append)
    for prefix in (0, PAGE):
        data = make_zip([File(b"torn", states[2], gap=bytes(prefix))])
        data += bytes(-len(data) % PAGE)
        (folder / "o.zip").write_bytes(data)
        with Archive("o.zip") as out:
            assert out.names() == ["torn"]
        assert (folder / "o.zip").read_bytes() == data


def test_write_without_direct_access_is_used(folder, monkeypatch):
    """The fallback itself: the same bytes arrive."""
    monkeypatch.setattr(DiskFile, "_extend_directly", lambda *args: False)
    with Archive("o.zip") as out:
        many(out)
    with Archive("o.zip") as out:
        append(out)
        out.commit()
        out.check(deep=True)
