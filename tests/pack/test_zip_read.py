# SPDX-License-Identifier: Apache-2.0
"""Archives that Python's zipfile writes, in all the shapes that exist, read the same by us."""

import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def make(members, comment=b"", method=zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name), data, method)
        z.comment = comment
    return out.getvalue()


def listed(run, path) -> list[tuple[str, int]]:
    lines = run("check_zip", "list", path).splitlines()
    assert not lines or not lines[0].startswith("error"), lines
    return [(line.rsplit(" ", 3)[0], int(line.rsplit(" ", 3)[1])) for line in lines]


TWO = [(".args", b"-n\n5\n"), ("dir/grüße.txt", b"hello")]
SHAPES = {
    "plain": make(TWO),
    "comment": make(TWO, b"a comment"),
    "long comment": make(TWO, b"c" * 65535),
    "glued behind a program": b"program" * 100 + make(TWO),
    "certificate behind it": make(TWO) + b"certificate" * 900,
    "an end record in the comment": make(TWO, b"PK\5\6" + b"\xff" * 20),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shape(run, tmp_path, shape):
    path = tmp_path / "a.zip"
    path.write_bytes(SHAPES[shape])
    assert listed(run, path) == [(name, len(data)) for name, data in TWO]
    for name, data in TWO:
        assert bytes.fromhex(run("check_zip", "read", path, name)) == data
        assert bytes.fromhex(run("check_zip", "map", path, name, 1)) == data


def test_empty_archive(run, tmp_path):
    (tmp_path / "a.zip").write_bytes(make([]))
    assert run("check_zip", "list", tmp_path / "a.zip") == ""


def test_empty_member(run, tmp_path):
    (tmp_path / "a.zip").write_bytes(make([("e", b"")]))
    assert run("check_zip", "read", tmp_path / "a.zip", "e") == "\n"
    assert run("check_zip", "map", tmp_path / "a.zip", "e", 1) == "\n"


def test_more_than_65535_members(run, tmp_path):
    # Only zip64's end record can count so many.
    members = [(f"{i}", b"") for i in range(65537)]
    (tmp_path / "a.zip").write_bytes(b"prefix" + make(members))
    names = run("check_zip", "list", tmp_path / "a.zip").splitlines()
    assert [line.split(" ")[0] for line in names] == [name for name, _ in members]


def test_member_past_4_gib(run, tmp_path):
    # A sparse file: 5 GiB of zeros as the first member, a small one behind it.
    path = tmp_path / "a.zip"
    with path.open("wb") as f, zipfile.ZipFile(f, "w", allowZip64=True) as z:
        info = zipfile.ZipInfo("big")
        info.file_size, info.CRC = 5 << 30, 0
        f.write(info.FileHeader(zip64=True))
        f.seek(5 << 30, io.SEEK_CUR)
        info.compress_size, info.header_offset = info.file_size, 0
        z.filelist.append(info)
        z.NameToInfo["big"] = info
        z.start_dir = f.tell()
        z._didModify = True
        z.writestr("small", b"behind")
    assert listed(run, path) == [("big", 5 << 30), ("small", 6)]
    assert bytes.fromhex(run("check_zip", "read", path, "small")) == b"behind"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_last_of_equal_names_counts(run, tmp_path):
    (tmp_path / "a.zip").write_bytes(make([("a", b"old"), ("a", b"new")]))
    assert bytes.fromhex(run("check_zip", "read", tmp_path / "a.zip", "a")) == b"new"


NO_SPACE = st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs"])
NAMES = st.text(NO_SPACE, min_size=1, max_size=9)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(NAMES, st.binary(max_size=50)), st.binary(max_size=50), st.binary(max_size=9)
)
def test_any_archive(run, tmp_path, members, comment, prefix):
    path = tmp_path / "a.zip"
    path.write_bytes(prefix + make(members.items(), comment))
    with zipfile.ZipFile(path) as z:
        assert listed(run, path) == [(i.filename, i.file_size) for i in z.infolist()]
        for name in z.namelist():
            assert bytes.fromhex(run("check_zip", "read", path, name)) == z.read(name)
