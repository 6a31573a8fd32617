# SPDX-License-Identifier: Apache-2.0
"""What other packers got wrong; each test fails with their behaviour, as told above it."""
import io
import time
import zipfile

import pytest

from tests.zipalign.make_zip import File, make_zip
from tests.zipalign.recording import recorder
from tests.zipalign.zip_tools import accepts, contents
from zipalign import Archive, ZipAlignError


def test_replacing_an_entry_that_is_not_the_last(zipalign, folder):
    """Directory headers of kept entries were stepped over by the length of others: corrupt."""
    (folder / "m.gguf").write_bytes(b"m" * 1000)
    (folder / ".args").write_bytes(b"-m\nm.gguf\n")
    assert zipalign("-j0", "o.zip", "m.gguf", ".args")[0] == 0
    (folder / "m.gguf").write_bytes(b"n" * 2000)
    for _ in range(2):
        assert zipalign("-j0", "o.zip", "m.gguf")[0] == 0
        assert contents("o.zip") == {"m.gguf": b"n" * 2000, ".args": b"-m\nm.gguf\n"}
    accepts("unzip", "o.zip")


@pytest.mark.parametrize("replaced", ["a", "b" * 9, "ccc", "dd"])
def test_replacing_loses_no_other_entry(folder, replaced):
    """An overlapping move in the directory lost the last entry, with exit status 0."""
    names = ["a", "b" * 9, "ccc", "dd"]
    with Archive("o.zip") as out:
        for name in names:
            out.add_bytes(name, name.encode())
    with Archive("o.zip") as out:
        out.add_bytes(replaced, b"new")
    assert contents("o.zip") == {n: n.encode() for n in names} | {replaced: b"new"}


@pytest.mark.parametrize("level", [1, 6, 9])
@pytest.mark.parametrize("size", [0, 1, 1 << 20, 2 << 20, 4 << 20, (2 << 20) + 1])
def test_compressing_any_size(zipalign, folder, level, size):
    """A multiple of the buffer of 2 MiB aborted; an empty file became invalid deflate data."""
    (folder / "f").write_bytes(b"0123456789abcdef" * (size // 16) + b"x" * (size % 16))
    assert zipalign(f"-{level}", "o.zip", "f")[0] == 0
    assert contents("o.zip")["f"] == (folder / "f").read_bytes()
    accepts("unzip", "o.zip")
    with zipfile.ZipFile("o.zip") as archive:
        assert archive.getinfo("f").compress_type == (8 if size > 1 else 0)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no TZ")
def test_bytes_do_not_depend_on_the_time_zone(zipalign, folder, monkeypatch):
    """The fixed date went through local time."""
    (folder / "f").write_bytes(b"f")
    seen = set()
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        for options in ([], ["-N"]):
            assert zipalign(*options, "o.zip", "f")[0] == 0
            seen.add(((folder / "o.zip").read_bytes(), bool(options)))
            (folder / "o.zip").unlink()
    monkeypatch.undo()
    time.tzset()
    assert len(seen) == 2


def test_long_comment_forgets_nothing(zipalign, folder):
    """Only 64 KiB were searched, comment included: older entries were gone, exit status 0."""
    (folder / "o.zip").write_bytes(make_zip([File(b"old", b"1")], comment=b"c" * 65535))
    (folder / "f").write_bytes(b"f")
    assert zipalign("o.zip", "f")[0] == 0
    assert contents("o.zip") == {"old": b"1", "f": b"f"}


def test_relative_offsets_behind_a_prefix(zipalign, folder):
    """Ordinary self-extractors were refused as corrupt."""
    (folder / "o.zip").write_bytes(make_zip([File(b"old", b"1")], b"MZ" * 999, relative=True))
    (folder / "f").write_bytes(b"f")
    assert zipalign("o.zip", "f")[0] == 0
    assert contents("o.zip") == {"old": b"1", "f": b"f"}


@pytest.mark.parametrize("lie", [{"offset": 1 << 63}, {"offset": 0}, {"disks": 9}, {"disk": 9}])
def test_false_zip64_locator(folder, lie):
    """A locator that led nowhere made the search go on in the wrong buffer."""
    fake = make_zip([], zip64=True, locator=lie)[56:76]
    (folder / "o.zip").write_bytes(make_zip(
        [File(b"old", b"1"), File(b"x", comment=fake)]))
    with Archive("o.zip") as out:
        out.add_bytes("f", b"f")
    assert contents("o.zip") == {"old": b"1", "x": b"", "f": b"f"}


def test_counts_above_65535_saturate(folder):
    """They were cut to 16 bits."""
    (folder / "o.zip").write_bytes(make_zip([File(b"%d" % i) for i in range(65535)]))
    with Archive("o.zip", align=1) as out:
        out.add_bytes("one more", b"")
    with open("o.zip", "rb") as file:
        end = file.read()[-22:]
    assert (end[:4], end[8:12]) == (b"PK\5\6", b"\xff\xff\xff\xff")
    with zipfile.ZipFile("o.zip") as archive:
        assert len(archive.namelist()) == 65536


def test_what_was_written_is_read_back_before_the_switch(folder):
    """Nothing was verified: a disk that lost bytes was noticed by the user, later."""
    with Archive("o.zip") as out:
        out.add_bytes("old", b"1")
    before = (folder / "o.zip").read_bytes()

    class Forgetful(recorder()):
        def write(self, at, data):
            if b"new" in bytes(data) and bytes(data[:4]) == b"PK\1\2":
                data = bytes(len(data))
            super().write(at, data)

    with pytest.raises(ZipAlignError), Archive("o.zip", file_class=Forgetful) as out:
        out.add_bytes("new", b"2")
    assert (folder / "o.zip").read_bytes() == before


def test_damaged_data_is_found(zipalign, folder):
    """No tool of the family ever looked at the CRC that it wrote."""
    (folder / "f").write_bytes(b"f" * 1000)
    assert zipalign("o.zip", "f")[0] == 0
    data = bytearray((folder / "o.zip").read_bytes())
    data[65536 + 500] ^= 1
    (folder / "o.zip").write_bytes(data)
    assert zipalign("--check", "o.zip")[0] == 0
    status, _, err = zipalign("--check", "--deep", "o.zip")
    assert status == 1
    assert "'f': CRC-32 of the data" in err
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(data)).read("f")


@pytest.mark.parametrize("size", [100, 70_000, 3 << 20])
def test_interrupted_run_forgets_nothing(zipalign, folder, size):
    """A missing second input left a tail without an end; the next run dropped all old entries."""
    (folder / "old").write_bytes(b"o" * 100)
    (folder / "new").write_bytes(b"n" * size)
    assert zipalign("o.zip", "old")[0] == 0
    before = (folder / "o.zip").read_bytes()
    status, _, err = zipalign("o.zip", "new", "missing")
    assert (status, err) == (1, "zipalign: error: missing: No such file or directory\n")
    assert (folder / "o.zip").read_bytes() == before


def test_command_line_of_the_peer_works(zipalign, folder):
    """Android's tool of the same name refuses -j; ours must take what llamafile's users type."""
    for name in ("m.gguf", ".args"):
        (folder / name).write_bytes(b"x")
    for options in (["-j0"], ["-j", "-0"], ["-0", "-j", "-v"], ["-N", "-j0"], ["-j0", "-a", "4096"],
                    ["-j0", "-a65536"], ["-9", "-0", "-j"]):
        assert zipalign(*options, "o.zip", folder / "m.gguf", ".args")[0] == 0, options
    assert zipalign("o.zip", "-j0", "m.gguf")[0] == 0
    assert contents("o.zip") == {"m.gguf": b"x", ".args": b"x"}
