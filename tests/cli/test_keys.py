# SPDX-License-Identifier: Apache-2.0
"""Texts of several lines, pasted texts, Esc, and a terminal that is usable afterwards."""

import os
import re
import signal
import termios

import pytest

from tests.cli.terminal import PATIENCE_S, Terminal

PROMPT, MORE = ">>> ", "... "
START, END = "\x1b[200~", "\x1b[201~"
WORDS = ("--temp", "0", "-n", "6", "--raw")


@pytest.fixture
def start(llamafile, model):
    """start(**outputs) -> a Terminal with a conversation."""
    terminals = []

    def call(**outputs) -> Terminal:
        command = [llamafile, "-m", model(), "--chat", *WORDS]
        terminals.append(Terminal(command, **outputs))
        return terminals[-1]

    yield call
    for terminal in terminals:
        terminal.close()


def answered(terminal: Terminal, lines: list[str]) -> str:
    """Type the lines; return the answer to them."""
    terminal.wait_for(PROMPT)
    for line in lines[:-1]:
        terminal.type(line + "\r")
        terminal.wait_for("\x1b[?2004l")
        terminal.wait_for(MORE)
    terminal.type(lines[-1] + "\r")
    terminal.wait_for("\x1b[?2004l")
    answer = terminal.wait_for("\x1b[?2004h").removesuffix("\x1b[?2004h")
    return answer.replace("\r", "").strip("\n")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["one\\", "two"], "one\ntwo"),
        (['"""one', 'two"""'], "one\ntwo"),
        (['"""', "one", "two", '"""'], "one\ntwo"),
        (['"""one"""'], "one"),
        ([f"{START}a\tb{END}"], "a\tb"),
        (["a\tb"], "a    b"),
        ([f"{START}\tone\r\ttwo{END}"], "\tone\n\ttwo"),
    ],
)
def test_message(start, run, model, lines, message):
    alone = run("-m", model(), *WORDS, "-p", message).stdout
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", alone)  # what a terminal is spared
    assert answered(start(), lines) == shown.strip("\n")


@pytest.mark.parametrize("keys", ["\x1bxy", "x\x1b\x1by", "y\x1b\x1b[D\x1bx"])
def test_escape_swallows_no_key(start, keys):
    terminal = start()
    terminal.wait_for(PROMPT)
    terminal.type("/" + keys + "\r")
    terminal.wait_for("unknown command /xy;")


def test_no_sequences_into_a_pipe(start, tmp_path):
    """`--chat 2>file | cat`: nobody would see a prompt, so there is none."""
    out = os.open(tmp_path / "out", os.O_CREAT | os.O_WRONLY)
    log = os.open(tmp_path / "err", os.O_CREAT | os.O_WRONLY)
    terminal = start(stdout=out, stderr=log)
    terminal.type("one\n/exit\n")
    assert terminal.process.wait(timeout=PATIENCE_S) == 0
    text = (tmp_path / "out").read_text()
    assert text and "\x1b" not in text and PROMPT not in text
    assert "\x1b" not in (tmp_path / "err").read_text()
    os.close(out)
    os.close(log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_terminal_after_a_signal(start, number):
    terminal = start()
    terminal.wait_for(PROMPT)
    assert not termios.tcgetattr(terminal.master)[3] & termios.ECHO
    terminal.process.send_signal(number)
    assert terminal.process.wait(timeout=PATIENCE_S) == -number
    assert termios.tcgetattr(terminal.master)[3] == terminal.modes[3]


def test_shell_loop_ends_by_control_c(llamafile, model):
    script = (
        f"for i in 1 2 3; do {llamafile} -m {model()} -c 200000 --temp 0 -p x 2>&1; done; echo on"
    )
    terminal = Terminal(["bash", "-c", script])
    terminal.wait_for("note: ")
    terminal.wait_for("\r\n")
    terminal.wait_for(" ")  # the answer has begun
    terminal.type("\3")
    assert terminal.finish() == -signal.SIGINT
    assert b"note: " not in terminal.shown
    terminal.close()
