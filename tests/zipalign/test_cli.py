# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.zipalign.zip_tools import contents, data_offsets
from zipalign import __version__
from zipalign.cli import build_parser

ROOT = Path(__file__).resolve().parents[2]


def test_pack_list_and_check(zipalign, folder):
    (folder / "w.gguf").write_bytes(b"w" * 70_000)
    (folder / ".args").write_bytes(b"-m\nw.gguf\n")
    assert zipalign("-j0", "my.llamafile", folder / "w.gguf", ".args") == (0, "", "")
    assert data_offsets("my.llamafile") == {"w.gguf": 65536, ".args": 196608}
    status, out, _ = zipalign("--list", "my.llamafile")
    assert (status, out.splitlines()[1].split()) == (0, ["70000", "65536", "64K", "stored",
                                                         "w.gguf"])
    rows = json.loads(zipalign("--list", "--json", "my.llamafile")[1])
    assert [row["name"] for row in rows] == ["w.gguf", ".args"]
    assert rows[0] == {"name": "w.gguf", "size": 70000, "compressed_size": 70000,
                       "method": "stored", "crc32": rows[0]["crc32"], "header_offset": 0,
                       "data_offset": 65536, "alignment": 65536, "mode": "0644",
                       "time": "1980-02-01T00:00:00Z"}
    assert zipalign("--check", "--deep", "-a", "65536", "my.llamafile") == (
        0, "my.llamafile: ok, 2 entries\n", "")
    assert zipalign("-q", "--check", "my.llamafile") == (0, "", "")


def test_operands(zipalign, folder, monkeypatch):
    (folder / "d" / "e").mkdir(parents=True)
    (folder / "d" / "e" / "2").write_bytes(b"2")
    (folder / "d" / "1").write_bytes(b"1")
    (folder / "a=b").write_bytes(b"3")
    assert zipalign("-r", "o.zip", "d", "x=d", "a=b", "y=a=b")[0] == 0
    assert contents("o.zip") == {"d/1": b"1", "d/e/2": b"2", "x/1": b"1", "x/e/2": b"2",
                                 "a=b": b"3", "y": b"3"}
    assert zipalign("-d", "y", "--delete", "a=b", "o.zip")[0] == 0
    assert len(contents("o.zip")) == 4
    with open("a=b", "rb") as file:
        done = subprocess.run([sys.executable, "-m", "zipalign", "o.zip", "in=-"], stdin=file,
                              env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0
    assert contents("o.zip")["in"] == b"3"


def test_verbose_and_dry_run(zipalign, folder):
    (folder / "f").write_bytes(b"f")
    assert zipalign("-n", "o.zip", "./f") == (0, "", "./f -> f\n")
    assert not (folder / "o.zip").exists()
    assert zipalign("-v", "o.zip", "./f") == (0, "", "./f -> f\n")


def test_modes_and_times(zipalign, folder, monkeypatch):
    (folder / "f").write_bytes(b"f")
    (folder / "x").write_bytes(b"x")
    (folder / "x").chmod(0o700)
    os.utime("f", (1_700_000_000, 1_700_000_000))

    def entries():
        with zipfile.ZipFile("o.zip") as archive:
            return {i.filename: (oct(i.external_attr >> 16), i.date_time)
                    for i in archive.infolist()}

    zipalign("o.zip", "f", "x")
    fixed = (1980, 2, 1, 0, 0, 0)
    assert entries() == {"f": ("0o100644", fixed), "x": ("0o100755", fixed)}
    zipalign("-N", "o.zip", "f")
    assert entries()["f"][1] == (2023, 11, 14, 22, 13, 20)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    zipalign("o.zip", "f")
    assert entries()["f"][1] == (2001, 9, 9, 1, 46, 40)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert zipalign("o.zip", "f")[0] == 1


@pytest.mark.parametrize(("args", "message"), [
    (["o.zip", "missing"], "missing: No such file or directory"),
    (["o.zip", "dir"], "dir: it is a directory; use -r to add the files in it"),
    (["o.zip", "fifo"], "fifo: it is not a regular file, so its size is not known"),
    (["o.zip", "-"], "-: standard input needs a name: NAME=-"),
    (["dir", "f"], "dir: it is a directory; the archive must be a file"),
    (["fifo", "f"], "fifo: it is not a regular file; the archive must be a file"),
    (["nodir/o.zip", "f"], "nodir/o.zip: its folder does not exist"),
    (["-d", "x", "good.zip"], "good.zip: no entry 'x'"),
    (["--check", "missing"], "missing: No such file or directory"),
    (["--list", "f"], "f: no end of central directory record in the last 64 KiB (APPNOTE 4.3.16): "
                      "not a ZIP archive, or cut short"),
    (["f", "good.zip"], "f: no end of central directory record in the last 64 KiB (APPNOTE "
                        "4.3.16): not a ZIP archive, or cut short; it may be a file that never "
                        "held one: then add --start, to begin an archive behind its bytes"),
    (["elf", "good.zip"], "elf: no end of central directory record in the last 64 KiB (APPNOTE "
                          "4.3.16): not a ZIP archive, or cut short; it may be a program that "
                          "never held one: then add --start, to begin an archive behind its bytes"),
    (["cut", "good.zip"], "cut: no end of central directory record in the last 64 KiB (APPNOTE "
                          "4.3.16): not a ZIP archive, or cut short; an entry starts at 0, so it "
                          "was an archive and has lost its end: get the file again"),
    (["--list", "fifo"], "fifo: it is not a regular file"),
    (["--check", "dir"], "dir: it is a directory"),
    (["-r", "o.zip", "dir"], "dir: nothing to add: there is no file in it"),
])
def test_errors_are_one_line_and_change_nothing(zipalign, folder, args, message):
    (folder / "f").write_bytes(b"f")
    (folder / "dir").mkdir()
    os.mkfifo("fifo")
    zipalign("good.zip", "f")
    (folder / "elf").write_bytes(b"\x7fELF" + b"PK\3\4\0\0" * 99)
    (folder / "cut").write_bytes((folder / "good.zip").read_bytes()[:-22])
    before = sorted(folder.iterdir())
    assert zipalign(*args) == (1, "", f"zipalign: error: {message}\n")
    assert sorted(folder.iterdir()) == before


@pytest.mark.skipif(os.name == "nt", reason="no modes")
def test_read_only_archive(folder, zipalign):
    (folder / "f").write_bytes(b"f")
    zipalign("o.zip", "f")
    before = (folder / "o.zip").read_bytes()
    (folder / "o.zip").chmod(0o444)
    # root may write what it likes, so another user tries
    code = ("import os, shutil, sys; from zipalign.cli import main;"
            "os.getuid() == 0 and (os.setgid(65534), os.setuid(65534));"
            "sys.exit(main(['o.zip', 'g=f']))")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stderr) == (1, "zipalign: error: o.zip: Permission denied\n")
    assert (folder / "o.zip").read_bytes() == before


def test_help_and_version(zipalign):
    assert zipalign("--version") == (0, f"zipalign {__version__}\n", "")
    status, out, _ = zipalign("--help")
    assert status == 0
    for words in ("OUT FILE...", "exit status:", "SOURCE_DATE_EPOCH", "examples:", "--align N"):
        assert words in out
    assert all(len(line) <= 100 for line in build_parser().format_help().splitlines())


def test_no_progress_bar_on_a_pipe(folder):
    with open("big", "wb") as file:
        file.truncate(200 << 20)
    done = subprocess.run([sys.executable, "-m", "zipalign", "o.zip", "big"], capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
