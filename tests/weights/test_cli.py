# SPDX-License-Identifier: Apache-2.0
"""The command as users meet it: silence on a pipe, a bar on a terminal, short help."""

import os
import signal
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


def test_names_that_the_terminal_cannot_show(gguf_model, tmp_path, root):
    path = tmp_path / "grüß.gguf"
    path.write_bytes(gguf_model("mha-spm", "f32").read_bytes())
    done = subprocess.run(
        [*WEIGHTS, "show", path], cwd=root, capture_output=True, check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert rb"gr\xfc\xdf.gguf: GGUF version 3" in done.stdout


def test_output_that_cannot_be_written(gguf_model, root):
    words = [*WEIGHTS, "show", gguf_model("mha-spm", "f32")]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, cwd=root, stdout=full, stderr=subprocess.PIPE, check=False)
    message = b"weights: error: standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_what_is_no_regular_file(tmp_path, root):
    os.mkfifo(tmp_path / "fifo")
    for path, text in ((tmp_path, "it is a directory"), ("fifo", "it is not a regular file")):
        path = tmp_path / path
        done = subprocess.run(
            [*WEIGHTS, "show", path], cwd=root, capture_output=True, check=False, timeout=60
        )
        message = f"weights: error: {path}: {text}\n".encode()
        assert (done.returncode, done.stderr) == (1, message)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_conversion_leaves_nothing(hf_model, tmp_path, root, number):
    out = tmp_path / "out.gguf"
    out.write_bytes(b"old")
    code = (
        "import os, sys, weights.gguf_writer as w; from weights.cli import main\n"
        "from zipalign.create import NewFile; NewFile._unnamed = lambda *args: None\n"
        "def stop(self, file, progress):\n"
        f"    file.write(b'x'); os.kill(os.getpid(), {int(number)})\n"
        "w.GgufWriter._write_all = stop\n"
        f"sys.exit(main(['convert', {str(hf_model('mha-spm'))!r}, '-o', {str(out)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"weights: interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.gguf"]
    assert out.read_bytes() == b"old"
