# SPDX-License-Identifier: Apache-2.0
"""The command as users meet it: silence on a pipe, a bar on a terminal, short help."""

import os
import struct
import subprocess
import sys

import pytest

WEIGHTS = [sys.executable, "-m", "weights"]


def test_a_pipe_gets_nothing(hf_model, tmp_path, root):
    words = [*WEIGHTS, "convert", hf_model("mha-spm"), "-o", tmp_path / "x.gguf"]
    done = subprocess.run(words, cwd=root, capture_output=True, check=True)
    assert done.stdout == done.stderr == b""


def test_a_terminal_gets_a_bar(hf_model, tmp_path, root):
    pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    words = [*WEIGHTS, "convert", hf_model("mha-spm"), "-o", tmp_path / "x.gguf"]
    subprocess.run(words, cwd=root, stdin=theirs, stdout=theirs, stderr=theirs, check=True)
    assert b"x.gguf: " in os.read(ours, 10000)


def test_a_reader_that_goes_away_is_no_error(gguf_model, root):
    words = [*WEIGHTS, "show", "--json", gguf_model("mha-spm", "f32")]
    with subprocess.Popen(
        words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("command", [[], ["convert"], ["show"]])
def test_help(command, root):
    done = subprocess.run(
        [*WEIGHTS, *command, "--help"], cwd=root, capture_output=True, text=True, check=True
    )
    assert "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted." in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
