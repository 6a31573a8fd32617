# SPDX-License-Identifier: Apache-2.0
"""Where the stub unpacks to, what it trusts, and what it says when it cannot.

The mounts are made in a private namespace (`unshare -Urm`), which needs no root and leaves
nothing behind. Where even that is forbidden, the tests say so in the summary.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ape.conftest import HELLO, cached, every_shell

NO_FOLDER = "probe: found no folder to unpack to and run from; set PROBE_CACHE to one\n"


def _one_shot(process, folder):
    """It ran from a folder of one start below `folder`, and removed that."""
    assert process.returncode == 0, process
    assert f"oneshot={folder}/.probe." in process.stdout
    assert process.stdout.endswith(HELLO.decode())
    assert process.stderr == ""
    assert not list(Path(folder).glob(".probe.*"))


@every_shell
def test_home_without_right_to_run(shell, start, polyglot, namespace, tmp_path):
    script = 'mount -t tmpfs -o noexec none "$HOME"; "$@"; find "$HOME" -type f'
    words = [*namespace, script, "sh", *shell, polyglot]
    process = start(words, env={"TMPDIR": str(tmp_path)})
    _one_shot(process, tmp_path)


@every_shell
def test_read_only_home(shell, start, polyglot, namespace, tmp_path):
    script = 'mount -t tmpfs -o ro none "$HOME"; exec "$@"'
    process = start([*namespace, script, "sh", *shell, polyglot], env={"TMPDIR": str(tmp_path)})
    _one_shot(process, tmp_path)


@every_shell
@pytest.mark.parametrize("home", [None, "", "/nonexistent", "/proc"])
def test_no_home(shell, home, start, polyglot, tmp_path):
    env = {"TMPDIR": str(tmp_path)} | ({} if home is None else {"HOME": home})
    process = start([*shell, polyglot], env=env, clear=["HOME"] if home is None else [])
    _one_shot(process, tmp_path)


@every_shell
def test_home_of_somebody_else(shell, start, polyglot, tmp_path):
    """sudo keeps HOME: nothing may be created in it, nor run from it."""
    if os.geteuid() == 0:
        os.chown(start.home, 12345, 12345)
        home = start.home
    else:
        home = Path("/")
    process = start([*shell, polyglot], env={"TMPDIR": str(tmp_path), "HOME": str(home)})
    _one_shot(process, tmp_path)
    assert not (home / ".cache").exists()


@every_shell
def test_next_one_shot_folder(shell, start, polyglot, namespace, tmp_path):
    script = 'mount -t tmpfs -o noexec none "$HOME"; mount -t tmpfs none /var/tmp; exec "$@"'
    words = [*namespace, script, "sh", *shell, polyglot]
    process = start(words, env={"TMPDIR": str(start.home)})
    assert process.returncode == 0
    assert "oneshot=/var/tmp/.probe." in process.stdout


@every_shell
def test_nowhere_to_run(shell, start, polyglot, namespace):
    script = """for d in "$HOME" /var/tmp /dev/shm; do mount -t tmpfs -o noexec none "$d"; done
cp "$2" "$HOME/f"; shift 2; "$@" "$HOME/f" && exit 99; echo "status $?"; ls -A "$HOME" /var/tmp"""
    words = [*namespace, script, "sh", "-", polyglot, *shell]
    process = start(words, env={"TMPDIR": str(start.home)})
    assert process.stderr == NO_FOLDER
    assert process.stdout.startswith("status 126\n")
    assert ".probe" not in process.stdout


def test_cached_program_of_somebody_else(start, polyglot, cannot):
    if os.geteuid() != 0:
        cannot("root", "needs root to make a file somebody else's")
    start(["dash", polyglot])
    (program,) = cached(start.home)
    program.write_text("#!/bin/sh\necho stolen\n")
    os.chown(program, 12345, 12345)
    process = start(["dash", polyglot])
    assert process.stdout.endswith(HELLO.decode())
    (program,) = cached(start.home)
    assert program.stat().st_uid == 0


@every_shell
@pytest.mark.parametrize("harm", ["empty", "short", "zeroed", "not executable", "missing"])
def test_damaged_cache_is_made_again(shell, harm, start, polyglot):
    start([*shell, polyglot])
    (program,) = cached(start.home)
    good = program.read_bytes()
    half = len(good) // 2
    if harm in ("short", "zeroed"):
        program.write_bytes(good[:half] + bytes(half if harm == "zeroed" else 0))
        later = program.parent.stat().st_mtime + 2  # some shells compare whole seconds
        os.utime(program, (later, later))
    elif harm == "empty":
        os.truncate(program, 0)
    elif harm == "missing":
        program.unlink()
    else:
        program.chmod(0o600)
    for _ in range(2):
        assert start([*shell, polyglot]).stdout.endswith(HELLO.decode())
    (program,) = cached(start.home)
    assert program.read_bytes() == good


@every_shell
def test_truncated_in_the_programs(shell, start, polyglot, tmp_path):
    short = tmp_path / "short"
    shutil.copy(polyglot, short)
    os.truncate(short, 0x2000 + 700)
    process = start([*shell, short], env={"TMPDIR": str(tmp_path)})
    assert process.returncode == 126
    assert process.stderr == f"probe: {short} is damaged or incomplete; copy it again\n"
    assert cached(start.home) == []
    assert not list(tmp_path.glob(".probe*"))


@every_shell
@pytest.mark.parametrize("size", [64, 4096, 4100, 5000, 6000])
def test_truncated_in_head_or_stub(shell, size, start, polyglot, tmp_path):
    """Never half a stub: nothing is created, and the status is not 0."""
    short = tmp_path / "short"
    shutil.copy(polyglot, short)
    os.truncate(short, size)
    process = start([*shell, short])
    assert process.returncode != 0
    assert cached(start.home) == []
    assert process.stdout == ""


def test_one_flipped_bit(start, polyglot, tmp_path):
    bad = tmp_path / "bad"
    data = bytearray(polyglot.read_bytes())
    at = data.index(b"native/x86_64-linux-gnu/probe")
    at += -at % 4096 + 0x300
    data[at] ^= 4
    bad.write_bytes(data)
    process = start(["dash", bad], env={"TMPDIR": str(tmp_path)})
    assert process.stdout.count("built=x86_64-linux-musl") == 1


def test_thirty_first_starts_at_once(start, polyglot):
    with ThreadPoolExecutor(30) as pool:
        runs = list(pool.map(lambda _: start(["dash", polyglot, "x"]), range(30)))
    assert {run.returncode for run in runs} == {0}
    assert {run.stdout for run in runs} == {runs[0].stdout}
    (program,) = cached(start.home)
    assert [path.name for path in program.parent.parent.iterdir()] == [program.parent.name]


def test_killed_at_any_moment(start, polyglot):
    """However early or late the first start dies, the next one runs the whole program."""
    for step in range(25):
        shutil.rmtree(start.home / ".cache", ignore_errors=True)
        env = {"PATH": os.environ["PATH"], "HOME": str(start.home)}
        process = subprocess.Popen(
            ["dash", polyglot], env=env, stdout=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(step * 0.0008)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert start(["dash", polyglot]).stdout.endswith(HELLO.decode())


def test_debris_of_a_killed_start_does_not_matter(start, polyglot):
    """The folder of a killed process with our PID is removed, as in containers."""
    script = 'd=$HOME/.cache/probe/$2; mkdir -p "$d" "$d.$$"; : >"$d.$$/probe"; exec dash "$1"'
    start(["dash", polyglot])
    (program,) = cached(start.home)
    folder = program.parent.name
    shutil.rmtree(start.home / ".cache")
    assert start(["dash", "-c", script, "sh", polyglot, folder]).returncode == 0
    assert start(["dash", polyglot]).returncode == 0
    assert [path.name for path in (start.home / ".cache/probe").iterdir()] == [folder]


def test_umask_is_the_callers(start, polyglot):
    """The private folder's umask does not leak into the program, nor into later commands."""
    process = start(["ksh93", "-c", 'umask 022; "$0" >/dev/null; umask', polyglot])
    assert process.stdout == "0022\n"
