# SPDX-License-Identifier: Apache-2.0
"""Any change to any archive gives a correct read or a ZipAlignError that says why; nothing else."""
import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zipalign.make_zip import File, make_zip
from zipalign import Archive, ZipAlignError, errors
from zipalign.check import problems, read_entry
from zipalign.reader import read_directory

FILES = [File(b"a", b"1" * 60), File(b"b", b"2" * 900, method=8, comment=b"c"),
         File(b"c", b"3", extra=b"\x99\x99\3\0abc", zip64=True)]
BASES = [make_zip(FILES), make_zip(FILES, b"prefix", relative=True), make_zip([]),
         make_zip(FILES, zip64=True, comment=b"note")]


class Bytes:
    """A file in memory that counts how much is asked of it."""

    path = "fuzz.zip"

    def __init__(self, data):
        self.data = data
        self.asked = 0

    def size(self):
        return len(self.data)

    def read(self, at, length):
        assert at >= 0
        assert length >= 0
        self.asked += min(length, max(len(self.data) - at, 0))
        return self.data[at:at + length]


def read_all(data: bytes) -> dict | None:
    """name -> data, None if it is refused; fails on any other exception."""
    file = Bytes(data)
    try:
        directory = read_directory(file)
        out = {}
        for entry in directory.entries:
            out[entry.name] = read_entry(file, entry, directory.offset)
        return out
    except ZipAlignError as error:
        assert str(error)
        assert "\n" not in str(error)
        return None
    finally:
        assert file.asked < 100 * (len(data) + 1000)


def agrees(data: bytes) -> None:
    ours = read_all(data)
    list(problems(Bytes(data), deep=True))
    if ours is None:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            theirs = {i.filename: archive.read(i) for i in archive.infolist()}
    except Exception:                   # it refuses more than we do, in many ways
        return
    assert set(ours) == set(theirs) or not theirs
    for name in theirs:
        assert ours[name] == theirs[name]


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(BASES), st.data())
def test_changed_bytes(base, data):
    changed = bytearray(base)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(base) - 1))
        changed[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF])
                                | st.integers(0, 255))
    agrees(bytes(changed))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(BASES), st.data())
def test_cut_out_and_doubled(base, data):
    start = data.draw(st.integers(0, len(base)))
    end = data.draw(st.integers(start, len(base)))
    agrees(base[:start] + base[end:])
    agrees(base[:end] + base[start:])
    agrees(base + base[start:end])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"\0" * 9,
                                 b"\xff" * 4, b"\1\0", b"a"]), max_size=60))
def test_soup_of_signatures(parts):
    agrees(b"".join(parts))


def test_every_truncation():
    for base in BASES:
        for end in range(len(base)):
            agrees(base[:end])


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(BASES), st.integers(0, 10_000), st.integers(0, 255),
       st.sampled_from(["a", "b", "new"]))
def test_adding_to_an_archive_with_a_changed_byte(base, at, value, name):
    """What could be read before can be read after, or nothing was touched."""
    changed = bytearray(base)
    changed[at % len(base)] = value
    before = read_all(bytes(changed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "o.zip"
        path.write_bytes(changed)
        try:
            with Archive(path) as out:
                out.add_bytes(name, b"data")
        except ZipAlignError:
            assert path.read_bytes() == changed
            return
        after = read_all(path.read_bytes())
    if before is not None:
        assert after == before | {name: b"data"}


U32, U64 = 0xFFFFFFFF, (1 << 64) - 1
ONE = [File(b"a", b"data")]


@pytest.mark.parametrize(("data", "rule"), [
    (b"", errors.NotAZip),
    (b"PK\3\4" * 99, errors.NotAZip),
    (make_zip(ONE, end={"n_comment": 9}), errors.Truncated),
    (make_zip(ONE, end={"disk": 1}), errors.MultiDisk),
    (make_zip(ONE, end={"here": 0}), errors.MultiDisk),
    (make_zip(ONE, end={"entries": 2, "here": 2}), errors.BadDirectory),
    (make_zip(ONE, end={"size": 1 << 30}), errors.BadEndRecord),
    (make_zip(ONE, end={"size": 1}), errors.BadArchive),
    (make_zip(ONE, end={"offset": 1 << 30}), errors.BadEndRecord),
    (make_zip(ONE, zip64=True, end64={"entries": U64, "here": U64}), errors.BadDirectory),
    (make_zip(ONE, zip64=True, end64={"size": U64}), errors.BadEndRecord),
    (make_zip(ONE, zip64=True, end64={"offset": U64}), errors.BadEndRecord),
    (make_zip(ONE, zip64=True, end64={"disk": 7}), errors.MultiDisk),
    (make_zip(ONE, zip64=True, locator={"disks": 2}), errors.MultiDisk),
    (make_zip(ONE, zip64=True, end={"size": 5}), errors.BadEndRecord),
    (make_zip([File(b"a", b"1", central={"sig": b"PK\1\3"})]), errors.BadSignature),
    (make_zip([File(b"a", b"1", central={"n_name": 999})]), errors.Truncated),
    (make_zip([File(b"a", b"1", central={"disk": 3})]), errors.MultiDisk),
    (make_zip([File(b"a", b"1", central={"offset": 1 << 30})]), errors.BadEntryOffset),
    (make_zip([File(b"a", b"1", central={"packed": 999})]), errors.BadEntryOffset),
    (make_zip([File(b"a", b"1", central={"size": U32})]), errors.BadExtra),
    (make_zip([File(b"a", b"1", extra=b"\1\0\xff\xff")]), errors.BadExtra),
    (make_zip([File(b"a", b"1", local={"sig": b"PK\3\3"})]), errors.BadSignature),
])
def test_each_broken_rule_has_its_name(data, rule):
    with pytest.raises(rule):
        read_directory(Bytes(data))


@pytest.mark.parametrize(("files", "rule"), [
    ([File(b"a", b"1", local={"crc": 1})], errors.HeaderMismatch),
    ([File(b"a", b"1", local={"size": 2})], errors.HeaderMismatch),
    ([File(b"a", b"1", local={"method": 8})], errors.HeaderMismatch),
    ([File(b"a", b"1", local={"n_extra": 60000})], errors.BadArchive),
    ([File(b"a", b"1" * 99), File(b"b", b"2", central={"offset": 0})], errors.HeaderMismatch),
    ([File(b"a", bytes(99), local={"n_extra": 20}), File(b"b", b"2")], errors.Overlap),
    ([File(b"a", b"1"), File(b"a", b"2")], errors.DuplicateEntry),
    ([File(b"../a", b"1")], errors.BadName),
    ([File(b"a\\b", b"1")], errors.BadName),
    ([File(b"a", b"1", local={"crc": 1}, central={"crc": 1})], errors.BadCrc),
    ([File(b"a", b"1", flags=1)], errors.Unsupported),
    ([File(b"a", b"1", method=93)], errors.Unsupported),
    ([File(b"a", b"1" * 99, method=8, local={"size": 98}, central={"size": 98})], errors.BadData),
    ([File(b"a", b"1" * 99, method=8, local={"size": 100}, central={"size": 100})], errors.BadData),
])
def test_check_names_the_rule(files, rule):
    found = list(problems(Bytes(make_zip(files)), deep=True))
    assert any(isinstance(problem, rule) for problem in found), found
