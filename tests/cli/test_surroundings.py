# SPDX-License-Identifier: Apache-2.0
"""What the caller hands over: descriptors that are closed, full or unreadable, ignored signals."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

FOREVER = ("--temp", "0", "-c", "200000", "-p", "x")


@pytest.fixture
def shell(llamafile, model):
    """shell(script) -> CompletedProcess of sh, in which $L is the program, $M a model."""

    def call(script: str) -> subprocess.CompletedProcess:
        env = {**os.environ, "L": str(llamafile), "M": str(model())}
        return subprocess.run(
            ["sh", "-c", script], env=env, capture_output=True, text=True, timeout=120, check=False
        )

    return call


def test_closed_descriptors(shell, pack, model):
    exe = pack({"w.gguf": model()})
    for closed in ("<&-", "<&- 2>&-"):
        assert json.loads(shell(f"{exe} --tokenize {closed}").stdout) == []
    done = shell(f"{exe} --tokenize -p a >&- <&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_folder_as_input(shell):
    done = shell("$L -m $M --tokenize < /")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(": error: standard input: Is a directory\n")
    done = shell("$L -m $M --chat < /")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(": error: standard input: cannot be read\n")


@pytest.mark.parametrize("mode", ["-p x", "--chat"])
def test_full_disk_ends_the_answer(shell, mode):
    done = shell(f"echo x | $L -m $M -c 200000 --temp 0 {mode} 2>&1 >/dev/full")
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert done.returncode == 1
    assert len(errors) == 1 and errors[0].endswith("standard output: No space left on device")


def test_reader_that_left_ends_it_quietly(shell):
    for trap in (":", "trap '' PIPE"):
        script = f"{{ {trap}; $L -m $M -c 200000 --temp 0 -p x; echo $? >&2; }} | head -c 1"
        lines = shell(script).stderr.splitlines()
        assert not [line for line in lines if "error" in line]
        assert lines[-1] in ("141", "1")


def test_context_beyond_the_model(run, model):
    done = run("-m", model(), "-c", "300", "-n", "1", "-p", "x")
    assert done.returncode == 0 and done.stderr.count("\n") == 1
    assert "note: the model was trained on 256 tokens of context" in done.stderr
    assert run("-m", model(), "-c", "256", "-n", "1", "-p", "x").stderr == ""


def start(llamafile, model, **options) -> subprocess.Popen:
    """Return a process that writes without end and has begun to."""
    process = subprocess.Popen(
        [llamafile, "-m", model(), *FOREVER], stdout=-1, stderr=subprocess.DEVNULL, **options
    )
    assert process.stdout.read(1)
    return process


def test_interrupt_ends_as_a_shell_expects(llamafile, model):
    process = start(llamafile, model)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT


def test_ignored_interrupt_stays_ignored(llamafile, model):
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    process = start(llamafile, model, **ignore)
    process.send_signal(signal.SIGINT)
    for _ in range(100):  # it goes on writing
        assert process.stdout.read(1)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux tells masks in /proc")
def test_workers_take_no_signals(llamafile, model):
    process = subprocess.Popen(
        [llamafile, "-m", model(), "-t", "3", "--chat"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    process.stdin.write(b"x\n")
    process.stdin.flush()
    assert process.stdout.read(1)  # the workers are there
    tasks = Path(f"/proc/{process.pid}/task")
    bit = 1 << signal.SIGINT - 1
    blocked = []
    for task in tasks.iterdir():
        status = (task / "status").read_text()
        mask = int(status.split("SigBlk:")[1].split()[0], 16)
        blocked.append((task.name == str(process.pid), bool(mask & bit)))
    process.kill()
    process.communicate()
    assert sorted(blocked) == [(False, True), (False, True), (True, False)]
