# SPDX-License-Identifier: Apache-2.0
"""Other programs read what we write."""
import json
import os
import zipfile

import pytest

from tests.zipalign.zip_tools import TESTERS, TOOLS, accepts, contents, data_offsets, extract, run
from zipalign import Archive

FILES = {
    "model.gguf": os.urandom(300_000),
    ".args": b"-m\nmodel.gguf\n...\n",
    "folder/page.html": b"<p>" * 5000,
    "empty": b"",
    "größe.txt": b"name in UTF-8",
}


@pytest.fixture
def archive(folder):
    """Stored, compressed and empty entries behind a program; one replaced in the middle."""
    path = folder / "out.zip"
    path.write_bytes(b"MZ" + bytes(5001))
    with Archive(path, start=True) as out:
        out.add_bytes("model.gguf", b"old" * 100_000)
        out.add_bytes(".args", b"old")
    with Archive(path) as out:
        for name, data in FILES.items():
            out.add_bytes(name, data, level=9 if name.endswith("html") else 0)
    return path


@pytest.mark.parametrize("tool", TESTERS)
def test_foreign_test_command(archive, tool, requires_tool):
    requires_tool(TESTERS[tool][0])
    accepts(tool, archive)


@pytest.mark.parametrize("tool", TOOLS)
def test_foreign_extraction(archive, tool, requires_tool):
    requires_tool(TOOLS[tool][0])
    for name, data in FILES.items():
        if name.isascii():              # unzip and busybox depend on the locale there
            assert extract(tool, archive, name) == data


def test_python_sees_names_times_and_modes(archive):
    assert contents(archive) == FILES


@pytest.mark.requires_tool("7z")
def test_replaced_entries_are_seen_by_nobody(archive):
    listing = run("7z", "l", "-ba", "-slt", "-tzip", archive).stdout.decode()
    assert listing.count("Path = model.gguf") == 1


@pytest.mark.requires_tool("zip")
def test_info_zip_leaves_data_in_front_of_its_change_aligned(archive):
    with Archive(archive) as out:
        out.add_bytes("last", b"to be deleted")
    before = data_offsets(archive)
    assert run("zip", "-q", "-d", archive, "last").returncode == 0
    after = data_offsets(archive)
    # zip drops the room of the replaced entries, which lies in front of all; it must keep the
    # padding fields, so the distances stay.
    assert {name: at - before[".args"] for name, at in before.items() if name != "last"} == {
        name: at - after[".args"] for name, at in after.items()}


@pytest.mark.requires_tool("zip")
def test_info_zip_keeps_alignment_of_a_packed_program(folder):
    (folder / "p.com").write_bytes(b"MZ" + bytes(5001))
    with Archive("p.com", start=True) as out:
        out.add_bytes("model.gguf", FILES["model.gguf"])
        out.add_bytes(".args", b"x")
    assert run("zip", "-q", "-A", "p.com").returncode == 0
    assert run("zip", "-q", "-d", "p.com", ".args").returncode == 0
    assert data_offsets("p.com") == {"model.gguf": 65536}


def test_check_says_when_another_tool_broke_the_alignment(zipalign, folder):
    (folder / "w").write_bytes(b"w" * 70000)
    assert zipalign("p.zip", "w")[0] == 0
    (folder / "q.zip").write_bytes(b"#!/bin/sh\n" + (folder / "p.zip").read_bytes())
    assert zipalign("--check", "q.zip")[0] == 0
    status, _, err = zipalign("--check", "-a", "65536", "q.zip")
    assert status == 1
    assert "'w': data at 65546 is not at a multiple of 65536" in err


@pytest.mark.parametrize("align", [1, 2, 64, 4096, 65536, 1 << 20])
def test_alignment(folder, align):
    (folder / "w").write_bytes(b"w" * 1000)
    names = ["w", "x", "yy" * 20, "z" * 200]
    with Archive("o.zip", align=align) as out:
        for name in names:
            out.add("w", name)
    offsets = data_offsets("o.zip")
    assert [at % align for at in offsets.values()] == [0] * 4
    assert contents("o.zip") == dict.fromkeys(names, b"w" * 1000)
    if align == 1:                      # nothing but headers and data
        assert (folder / "o.zip").stat().st_size == sum(
            30 + 46 + 2 * len(n) + 1000 for n in names) + 22


def test_small_archives_have_no_zip64(folder):
    with Archive("o.zip") as out:
        out.add_bytes("a", b"1")
    data = (folder / "o.zip").read_bytes()
    assert b"PK\6\6" not in data
    assert b"PK\6\7" not in data


@pytest.mark.parametrize("count", [65534, 65535])
def test_counts_at_the_limit(folder, count):
    with Archive("o.zip", align=1) as out:
        for i in range(count):
            out.add_bytes(str(i), b"")
    data = (folder / "o.zip").read_bytes()
    assert (b"PK\6\6" in data) == (count >= 65535)
    assert int.from_bytes(data[-22:][8:10], "little") == min(count, 65535)
    with zipfile.ZipFile("o.zip") as archive:
        assert len(archive.namelist()) == count
    assert run("unzip", "-tqq", "o.zip", "7", str(count - 1)).returncode == 0


def test_offsets_above_4_gib(folder, zipalign):
    """A sparse file, so that nothing is really written."""
    with open("big", "wb") as file:
        file.truncate((4 << 30) + 5)
    with open("o.zip", "wb") as file:
        file.truncate(5 << 30)
    with Archive("o.zip", start=True) as out:
        out.add_bytes("a", b"behind")
    assert contents("o.zip") == {"a": b"behind"}
    rows = json.loads(zipalign("--list", "--json", "o.zip")[1])
    assert rows[0]["data_offset"] == (5 << 30) + 65536
    with Archive("o.zip") as out:
        out.add_bytes("b", b"too")
        out.delete("a")
    assert contents("o.zip") == {"b": b"too"}
    assert run("unzip", "-tqq", "o.zip").returncode == 0
