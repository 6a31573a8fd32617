# SPDX-License-Identifier: Apache-2.0
"""Full disk, vanished and changing inputs, other processes, signals: the old archive stays."""
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.zipalign.zip_tools import contents, run
from zipalign import Archive
from zipalign.errors import BadInput, ChangedMeanwhile, InputChanged, Locked

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-m", "zipalign"]


@pytest.fixture
def archive(folder):
    with Archive("o.zip") as out:
        out.add_bytes("old", b"o" * 100_000)
        out.add_bytes(".args", b"old\n")
    return folder / "o.zip"


def start(*args, **options) -> subprocess.Popen:
    return subprocess.Popen([*PROGRAM, *args], env={**os.environ, "PYTHONPATH": str(ROOT)},
                            stderr=subprocess.PIPE, **options)


@contextlib.contextmanager
def small_disk(size: int):
    """A file system of `size` bytes of our own; loud where it cannot be mounted."""
    disk = Path("disk")
    disk.mkdir()
    done = run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk)
    if done.returncode:
        # Listed at the end of the run (-ra); in CI, where we are root, it is a failure.
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"NOT RUN: cannot mount a small tmpfs: {done.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        run("umount", disk)


@pytest.mark.parametrize("free_pages", range(1, 40, 3))
def test_full_disk(folder, zipalign, free_pages):
    (folder / "w").write_bytes(b"w" * 140_000)
    with small_disk(104 * 4096) as disk:
        path = disk / "o.zip"
        with Archive(path) as out:
            out.add_bytes("old", b"o" * 100_000)
            out.add_bytes(".args", b"old\n")
        before = path.read_bytes()
        used = sum(f.stat().st_blocks * 512 for f in disk.iterdir())
        (disk / "filler").write_bytes(bytes(104 * 4096 - used - free_pages * 4096))
        status, _, err = zipalign(path, "w", ".args=w")
        assert status == 1
        assert err == (f"zipalign: error: {path}: cannot write: No space left on device; "
                       "the archive is as it was\n")
        assert path.read_bytes() == before
        (disk / "filler").unlink()
        assert zipalign(path, "w")[0] == 0
        assert len(contents(path)) == 3


def test_full_disk_leaves_no_new_file(folder, zipalign):
    (folder / "w").write_bytes(b"w" * 140_000)
    with small_disk(20 * 4096) as disk:
        assert zipalign(disk / "o.zip", "w")[0] == 1
        assert list(disk.iterdir()) == []


def test_input_that_vanishes(archive):
    before = archive.read_bytes()
    Path("w").write_bytes(b"w")
    with pytest.raises(BadInput, match="it was there when the run began"), Archive("o.zip") as out:
        out.add_bytes("first", b"1" * 200_000)
        out.add("w")
        Path("w").unlink()
    assert archive.read_bytes() == before


@pytest.mark.parametrize("size", [0, 999, 1001, 5 << 20])
@pytest.mark.parametrize("old", [1000, 2 << 20])
def test_input_that_changes_its_size(archive, old, size):
    before = archive.read_bytes()
    Path("w").write_bytes(b"w" * old)
    with pytest.raises(InputChanged), Archive("o.zip") as out:
        out.add("w")
        os.truncate("w", size)
    assert archive.read_bytes() == before


def test_input_that_changes_while_it_is_copied(archive):
    before = archive.read_bytes()
    Path("w").write_bytes(b"w" * (20 << 20))

    def progress(n):
        with open("w", "r+b") as file:
            file.write(b"changed")

    with pytest.raises(InputChanged), contextlib.closing(Archive("o.zip")) as out:
        out.add("w")
        out.commit(progress)
    assert archive.read_bytes() == before


def test_archive_as_its_own_input(archive, zipalign):
    before = archive.read_bytes()
    Path("link").hardlink_to("o.zip")
    Path("symlink").symlink_to("o.zip")
    for name in ("o.zip", "./o.zip", "link", "symlink"):
        status, _, err = zipalign("o.zip", name)
        assert (status, err) == (1, f"zipalign: error: {name}: it is the archive itself\n")
    assert archive.read_bytes() == before


def test_one_process_at_a_time(archive, zipalign):
    Path("w").write_bytes(b"w")
    with Archive("o.zip"):
        with pytest.raises(Locked):
            Archive("o.zip")
        status, _, err = zipalign("o.zip", "w")
        assert (status, err) == (1, "zipalign: error: o.zip: another process is changing this "
                                    "archive; wait until it has ended\n")
    assert zipalign("o.zip", "w")[0] == 0


def test_two_processes_create_the_same_archive(folder):
    with pytest.raises(ChangedMeanwhile), Archive("new.zip") as slow:
        slow.add_bytes("slow", b"1")
        with Archive("new.zip") as fast:
            fast.add_bytes("fast", b"2")
    assert contents("new.zip") == {"fast": b"2"}


def test_another_tool_changes_the_archive_meanwhile(archive):
    with pytest.raises(ChangedMeanwhile), Archive("o.zip") as out:
        out.add_bytes("new", b"1")
        os.utime("o.zip", (1, 1))
    assert set(contents("o.zip")) == {"old", ".args"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_polite_signals_restore_the_very_bytes(archive, number):
    before = archive.read_bytes()
    with open("big", "wb") as file:
        file.truncate(3 << 30)
    process = start("-9", "o.zip", "big")
    while archive.stat().st_size == len(before) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == b"zipalign: interrupted; o.zip is as it was\n"
    assert archive.read_bytes() == before


def test_kill_9_at_random_moments(archive):
    """What is there after each kill is the old or the new archive; the next run goes on from it."""
    rng = random.Random(9)
    Path("w").write_bytes(rng.randbytes(1 << 20) * 24)
    before, new = contents("o.zip"), None
    for i in range(12):
        process = start("o.zip", "w", ".args=w")
        size = archive.stat().st_size
        while archive.stat().st_size == size and process.poll() is None:
            pass
        time.sleep(rng.random() * 0.04)
        process.kill()
        process.communicate(timeout=60)
        seen = contents("o.zip")
        new = new or before | dict.fromkeys(("w", ".args"), Path("w").read_bytes())
        assert seen == (before if seen.keys() == before.keys() else new), i
        if seen == new:
            with Archive("o.zip") as out:
                out.delete("w")
                out.add_bytes(".args", b"old\n")
    assert start("o.zip", "w").wait(60) == 0
    assert contents("o.zip")["w"] == Path("w").read_bytes()
