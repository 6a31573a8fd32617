# SPDX-License-Identifier: Apache-2.0
"""create(): a file appears whole or not at all; also where there are no links and no /proc."""
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.zipalign.zip_tools import contents
from zipalign import Archive
from zipalign.create import NewFile, create
from zipalign.errors import ChangedMeanwhile

ROOT = Path(__file__).resolve().parents[2]


def no_links(*args, **more):
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.fixture(params=["unnamed", "named", "FAT"])
def system(request, folder, monkeypatch):
    """File systems: with unnamed files, with links only, without either."""
    if request.param != "unnamed":
        monkeypatch.setattr(NewFile, "_unnamed", lambda *args: None)
    if request.param == "FAT":
        monkeypatch.setattr(os, "link", no_links)
    return request.param


def names():
    return {path.name for path in Path().iterdir()}


def test_archive_is_created(system):
    with Archive("o.zip") as out:
        out.add_bytes("a", b"1")
        assert "o.zip" not in names()
    assert contents("o.zip") == {"a": b"1"}
    assert names() == {"o.zip"}


def test_archive_does_not_replace(system):
    with pytest.raises(ChangedMeanwhile, match="another program created it"), Archive(
            "o.zip") as out:
        Path("o.zip").write_bytes(b"theirs")
        out.add_bytes("a", b"1")
    assert Path("o.zip").read_bytes() == b"theirs"
    assert names() == {"o.zip"}


def test_without_proc(folder, monkeypatch):
    monkeypatch.setattr("zipalign.create._proc", lambda file: "/nowhere")
    with Archive("o.zip") as out:
        out.add_bytes("a", b"1")
    assert contents("o.zip") == {"a": b"1"}
    assert names() == {"o.zip"}


def test_create_replaces(system):
    Path("f").write_bytes(b"old")
    Path("link").symlink_to("f")
    with create("link", mode=0o777) as file:
        file.write(b"new")
        assert Path("f").read_bytes() == b"old"
    assert Path("link").is_symlink()
    assert Path("f").read_bytes() == b"new"
    umask = os.umask(0)
    os.umask(umask)
    assert Path("f").stat().st_mode & 0o777 == 0o777 & ~umask
    assert names() == {"f", "link"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_create_fails(system, error):
    Path("f").write_bytes(b"old")
    with pytest.raises(error), create("f") as file:
        file.write(b"new")
        raise error
    assert Path("f").read_bytes() == b"old"
    assert names() == {"f"}


def test_create_names_the_file(folder):
    with pytest.raises(OSError, match="its folder does not exist: 'nowhere/f'"), create(
            "nowhere/f"):
        pass


def test_create_writes_a_device_as_it_is(folder):
    with create("/dev/null") as file:
        file.write(b"x")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_remove_what_was_begun(folder, number):
    code = ("import sys; from zipalign.create import NewFile, create\n"
            "NewFile._unnamed = lambda *args: None\n"
            "with create('f') as file:\n"
            "    file.write(b'x'); print('ready', flush=True); sys.stdin.read()\n")
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    process.stdout.readline()
    assert len(names()) == 1
    process.send_signal(number)
    err = process.communicate(timeout=60)[1]
    assert process.returncode != 0
    assert b"KeyboardInterrupt" in err
    assert names() == set()
