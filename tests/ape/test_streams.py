# SPDX-License-Identifier: Apache-2.0
"""Odd files in, odd streams out, and what `ape link` leaves when it is stopped."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios

import pytest

from ape import link
from ape.cli import main
from tests.ape.conftest import ROOT
from tests.ape.make_program import make_program

APE = [sys.executable, "-m", "ape"]


@pytest.fixture
def musl(tmp_path):
    path = tmp_path / "musl"
    path.write_bytes(make_program("x86_64-linux-musl"))
    return f"x86_64-linux-musl={path}"


@pytest.fixture
def linked(musl, tmp_path):
    out = tmp_path / "out"
    assert main(["link", "-o", str(out), "--name", "me", musl]) == 0
    return out


def _run(*words, **options):
    environment = os.environ | options.pop("env", {})
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [*APE, *map(str, words)], cwd=ROOT, env=environment, timeout=60, check=False, **options
    )


@pytest.mark.parametrize("words", [["check"], ["layout"], ["link", "-o", "OUT", "--name", "me"]])
def test_pipes_and_folders_are_refused_by_name(words, tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [word.replace("OUT", str(tmp_path / "out")) for word in words]
    target = "x86_64-linux-musl=" if words[0] == "link" else ""
    for path, what in ((pipe, "it is not a regular file"), (tmp_path, "it is a directory")):
        assert main([*words, f"{target}{path}"]) == 1
        assert capsys.readouterr().err == f"ape: error: {path}: {what}\n"


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_stopped_link_leaves_nothing(named, number, linked, musl, tmp_path, monkeypatch, capsys):
    """Neither where the system has files without a name nor elsewhere."""
    before = linked.read_bytes(), sorted(tmp_path.iterdir())
    if named:
        monkeypatch.delattr(os, "O_TMPFILE")

    def stop(*_):
        assert (sorted(tmp_path.iterdir()) != before[1]) == named
        os.kill(os.getpid(), number)

    monkeypatch.setattr(link.copy, "store", stop)
    words = ["link", "-o", str(linked), "--name", "me", musl, "--data", f"x={__file__}"]
    assert main(words) == 130
    assert capsys.readouterr().err == "ape: error: interrupted\n"
    assert (linked.read_bytes(), sorted(tmp_path.iterdir())) == before


@pytest.mark.parametrize("exists", [True, False])
def test_link_through_a_symbolic_link(exists, musl, tmp_path):
    """The file that it leads to is made or replaced; the link stays."""
    folder = tmp_path / "folder"
    folder.mkdir()
    real, shown = folder / "real", tmp_path / "shown"
    shown.symlink_to(real)
    if exists:
        real.write_text("old")
    assert main(["link", "-o", str(shown), "--name", "me", musl]) == 0
    assert shown.is_symlink()
    assert real.read_bytes().startswith(b"MZ")
    assert real.stat().st_mode & 0o100


def test_name_that_the_stream_cannot_write(tmp_path):
    bad = tmp_path / "h\xe9\u6f22"
    bad.write_bytes(b"MZ")
    shown = f"{tmp_path}/h\\xe9\\u6f22".encode()
    process = _run("check", bad, env={"PYTHONIOENCODING": "ascii"})
    assert (process.returncode, process.stderr) == (1, b"")
    assert process.stdout.startswith(shown + b": no polyglot")
    process = _run("check", tmp_path / "missing\xe9", env={"PYTHONIOENCODING": "ascii"})
    assert (process.returncode, process.stderr.count(b"\n")) == (1, 1)


@pytest.mark.parametrize("words", [["layout", "{}/out"], ["check", "{}/musl"], ["link", "--help"]])
def test_full_disk_behind_the_output(words, linked):
    words = [word.format(linked.parent) for word in words]
    with open("/dev/full", "w") as full:
        process = _run(*words, stdout=full)
    assert process.returncode == 1
    assert process.stderr == b"ape: error: standard output: No space left on device\n"


def test_reader_that_has_gone(linked):
    here, there = os.pipe()
    os.close(here)
    process = _run("layout", linked, stdout=there)
    os.close(there)
    assert (process.returncode, process.stderr) == (1, b"")


def test_progress_on_a_terminal(musl, tmp_path):
    """A bar for long work, which is gone at the end; test_cli.py has the silence of a pipe."""
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, 65 << 20)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    words = ["link", "-o", tmp_path / "out", "--name", "me", musl, "--data", f"x={large}"]
    assert _run(*words, stderr=theirs).returncode == 0
    os.set_blocking(ours, False)
    shown = os.read(ours, 1 << 16)
    os.close(theirs)
    os.close(ours)
    assert b"/65.1M" in shown  # the data and what is in front of it
    assert shown.endswith(b"\r")
