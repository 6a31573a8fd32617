# SPDX-License-Identifier: Apache-2.0
import pytest

from tests.zipalign.make_zip import File, make_zip
from zipalign import Archive, ZipAlignError
from zipalign.errors import Unsupported

LINK = {"external": 0o120777 << 16}


def pack(folder, level=0):
    (folder / "d").mkdir()
    for name, data in {"d/w": b"w" * 3_000_000, "x": b"x", "empty": b""}.items():
        (folder / name).write_bytes(data)
    (folder / "x").chmod(0o755)
    with Archive("o.zip", level=level) as out:
        for name in ("d/w", "x", "empty"):
            out.add(name)


@pytest.mark.parametrize("level", [0, 6])
def test_round_trip(folder, zipalign, level):
    pack(folder, level)
    assert zipalign("--extract", "new", "o.zip") == (0, "", "")
    for name in ("d/w", "x", "empty"):
        assert (folder / "new" / name).read_bytes() == (folder / name).read_bytes()
        assert (folder / "new" / name).stat().st_mode == (folder / name).stat().st_mode
    assert zipalign("--extract", "one", "o.zip", "x") == (0, "", "")
    assert [path.name for path in (folder / "one").iterdir()] == ["x"]
    assert zipalign("--extract", "one", "o.zip", "y") == (
        1, "", "zipalign: error: o.zip: no entry 'y'\n")
    assert zipalign("--extract", "one", "o.zip", "x")[2] == (
        "zipalign: error: one/x: it exists; remove it or extract into another folder\n")


@pytest.mark.parametrize("bad", [
    File(b"../evil", b"1"), File(b"/evil", b"1"), File(b"d\\evil", b"1"), File(b"nul", b"1"),
    File(b"link", b"/etc/passwd", central=LINK), File(b"good", b"1"),
])
def test_nothing_is_written_if_one_name_is_bad(folder, zipalign, bad):
    (folder / "o.zip").write_bytes(make_zip([File(b"good", b"1"), bad]))
    assert zipalign("--extract", "new", "o.zip")[0] == 1
    assert not (folder / "new").exists()


def test_links_on_the_way_are_not_followed(folder, zipalign):
    (folder / "o.zip").write_bytes(make_zip([File(b"d/f", b"1"), File(b"g", b"2")]))
    (folder / "outside").mkdir()
    (folder / "new").mkdir()
    (folder / "new" / "d").symlink_to(folder / "outside")
    (folder / "new" / "g").symlink_to(folder / "target")
    assert zipalign("--extract", "new", "o.zip")[0] == 1
    assert zipalign("--extract", "new", "o.zip", "g")[0] == 1
    assert list((folder / "outside").iterdir()) == []
    assert not (folder / "target").exists()


def test_damaged_data_leaves_no_file(folder, zipalign):
    (folder / "o.zip").write_bytes(make_zip([File(b"f", b"1", local={"crc": 5},
                                                  central={"crc": 5})]))
    status, _, err = zipalign("--extract", "new", "o.zip")
    assert status == 1
    assert "CRC-32" in err
    assert list((folder / "new").iterdir()) == []


def test_map(folder):
    pack(folder)
    with Archive("o.zip", readonly=True) as archive:
        view = archive.map("d/w")
        assert bytes(archive.map("empty")) == b""
        with pytest.raises(ZipAlignError, match="reading only"):
            archive.add_bytes("n", b"")
    assert view.readonly
    assert view == b"w" * 3_000_000
    with Archive("o.zip", level=9) as archive:
        archive.add("d/w")
    with Archive("o.zip", readonly=True) as archive, pytest.raises(Unsupported, match="level 0"):
        archive.map("d/w")
