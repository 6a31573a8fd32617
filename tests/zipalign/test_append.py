# SPDX-License-Identifier: Apache-2.0
"""Any valid archive is a good input, and what it held stays as it was."""
import os
import zipfile

import pytest

from tests.zipalign.make_zip import File, make_zip
from tests.zipalign.zip_tools import contents, run
from zipalign import Archive

OLD = [File(b"a", b"1" * 100), File(b"b", b"2" * 3000, method=8, comment=b"kept"),
       File(b"dir/", b""), File(b"c", b"3", extra=b"\x99\x99\3\0abc", gap=b"in between")]
CONTENT = {"a": b"1" * 100, "b": b"2" * 3000, "dir/": b"", "c": b"3"}
FAKE_END = b"PK\5\6" + bytes(18)
DESCRIPTOR = b"PK\7\x08" + bytes.fromhex("83dcefb7") + b"\1\0\0\0\1\0\0\0"

KINDS = {
    "plain": make_zip(OLD),
    "empty": make_zip([]),
    "prefix, absolute offsets": make_zip(OLD, b"#!/bin/sh\nexit\n" * 9),
    "prefix, relative offsets": make_zip(OLD, b"#!/bin/sh\nexit\n" * 9, relative=True),
    "prefix that looks like an end": make_zip(OLD, FAKE_END * 3, relative=True),
    "comment": make_zip(OLD, comment=b"hello"),
    "longest comment": make_zip(OLD, comment=b"c" * 65535),
    "locator signature before the end": make_zip(
        [*OLD, File(b"d", b"", comment=b"PK\6\7" + bytes(16))]),
    "zip64": make_zip([File(f.name, f.data, f.method, zip64=True) for f in OLD], zip64=True),
    "zip64, relative": make_zip(OLD, b"prefix", relative=True, zip64=True),
    "zip64 records where not needed": make_zip(OLD, zip64=True, comment=b"c"),
    "data descriptors": make_zip([*OLD, File(b"d", b"1", flags=8, descriptor=DESCRIPTOR,
                                             local={"crc": 0, "size": 0, "packed": 0})]),
    "bytes before the directory": make_zip(OLD, before_directory=b"APK Sig Block 42"),
    "bytes before the end": make_zip(OLD, before_end=b"something"),
    "bytes behind the end": make_zip(OLD, trailing=b"\0" * 1000),
    "padding of Android": make_zip([File(b"a", b"1" * 100, local_extra=b"\0\0\0"), *OLD[1:]]),
}


@pytest.fixture(params=KINDS, ids=str)
def kind(request, folder):
    (folder / "o.zip").write_bytes(KINDS[request.param])
    return request.param


def expected(kind):
    extra = {"d": b""} if "locator" in kind else {"d": b"1"} if "descriptors" in kind else {}
    return {} if kind == "empty" else CONTENT | extra


def test_add(kind):
    with Archive("o.zip") as out:
        out.add_bytes("new", b"n" * 70000)
    assert contents("o.zip") == expected(kind) | {"new": b"n" * 70000}
    assert run("unzip", "-tqq", "o.zip").returncode in ((0, 1) if kind == "zip64" else (0,))


def test_kept_entries_keep_place_and_bytes(kind):
    before = KINDS[kind]
    with Archive("o.zip") as out:
        end = out._directory.offset
        out.add_bytes("new", b"n")
    with open("o.zip", "rb") as file:
        assert file.read(end) == before[:end]


def test_comment_is_kept(kind):
    with Archive("o.zip") as out:
        out.add_bytes("new", b"n")
        comment = out._directory.comment
    with zipfile.ZipFile("o.zip") as archive:
        assert archive.comment == comment
    assert len(comment) == {"comment": 5, "longest comment": 65535,
                            "zip64 records where not needed": 1}.get(kind, 0)


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_replace_and_delete(kind, name):
    if kind == "empty":
        return
    with Archive("o.zip") as out:
        out.add_bytes(name, b"new")
    assert contents("o.zip") == expected(kind) | {name: b"new"}
    with Archive("o.zip") as out:
        out.delete(name)
    assert contents("o.zip") == {k: v for k, v in expected(kind).items() if k != name}


def test_nothing_to_do_changes_nothing(kind):
    with Archive("o.zip"):
        pass
    with open("o.zip", "rb") as file:
        assert file.read() == KINDS[kind]


def test_check_and_read(kind):
    with Archive("o.zip") as out:
        out.check(deep=True)
        assert {name: out.read(name) for name in out.names()} == expected(kind)


def test_end_record_in_the_comment(folder):
    """Scanning for the last signature finds the wrong one; only the right one leads somewhere."""
    (folder / "o.zip").write_bytes(make_zip(OLD, comment=FAKE_END[:-2] + b"\1\0" + b"x" * 7))
    with Archive("o.zip") as out:
        out.add_bytes("new", b"n")
    with Archive("o.zip") as out:
        assert {name: out.read(name) for name in out.names()} == CONTENT | {"new": b"n"}


def test_mode_owner_and_inode_are_kept(folder):
    path = folder / "o.zip"
    path.write_bytes(KINDS["plain"])
    path.chmod(0o751)
    before = path.stat()
    with Archive(path) as out:
        out.add_bytes("new", b"n")
    after = path.stat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


def test_new_archive_obeys_umask(folder):
    old = os.umask(0o027)
    try:
        with Archive("o.zip"):
            pass
    finally:
        os.umask(old)
    assert (folder / "o.zip").stat().st_mode & 0o777 == 0o640
    assert contents("o.zip") == {}


def test_replacing_the_last_entry_uses_its_room_again(folder):
    (folder / "w").write_bytes(b"w" * 200_000)
    with Archive("o.zip") as out:
        out.add("w")
        out.add_bytes(".args", b"first")
    size = (folder / "o.zip").stat().st_size
    for i in range(5):
        with Archive("o.zip") as out:
            out.add_bytes(".args", b"%05d" % i)
        assert contents("o.zip") == {"w": b"w" * 200_000, ".args": b"%05d" % i}
        assert (folder / "o.zip").stat().st_size == size


def test_same_bytes_however_they_came_to_be(folder):
    """Adding in two runs, or replacing the last one, gives the file that one run gives."""
    with Archive("one.zip") as out:
        out.add_bytes("w", b"w" * 100)
        out.add_bytes(".args", b"x")
    with Archive("two.zip") as out:
        out.add_bytes("w", b"w" * 100)
    for text in (b"y" * 300, b"x"):
        with Archive("two.zip") as out:
            out.add_bytes(".args", text)
    assert (folder / "one.zip").read_bytes() == (folder / "two.zip").read_bytes()
