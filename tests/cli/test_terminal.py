# SPDX-License-Identifier: Apache-2.0
"""The conversation as a person has it: keys, history, Ctrl-C and Ctrl-D on a real terminal."""

import re

import pytest

from tests.cli.terminal import Terminal

PROMPT = ">>> "
CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_J, CTRL_K, CTRL_U, CTRL_W = "\1\3\4\5\n\v\x15\x17"
UP, DOWN, LEFT, RIGHT, DELETE = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C", "\x1b[3~"


@pytest.fixture
def start(llamafile, model):
    """start(argument..., columns=80) -> a Terminal with a conversation at its first prompt."""
    terminals = []

    def call(*arguments, columns=80) -> Terminal:
        command = [llamafile, "-m", model(), "--temp", "0", *arguments]
        terminals.append(Terminal(command, columns))
        return terminals[-1]

    yield call
    for terminal in terminals:
        terminal.close()


def entered(terminal: Terminal, keys: str) -> str:
    """Type after a command nobody knows; return what the program takes the line for."""
    terminal.wait_for(PROMPT)
    terminal.type("/" + keys + "\r")
    return re.search(r"unknown command /([^;]*);", terminal.wait_for("lists them all"))[1]


def test_greeting_and_leaving(start):
    terminal = start()
    greeting = terminal.wait_for(PROMPT)
    assert "llama" in greeting and "/help" in greeting
    terminal.type(CTRL_D)
    assert terminal.finish() == 0


def test_answer_and_next_prompt(start):
    terminal = start("-n", "5")
    terminal.wait_for(PROMPT)
    terminal.type("hello\r")
    terminal.wait_for("\x1b[?2004l")
    assert terminal.wait_for(PROMPT).strip()
    terminal.type("/exit\r")
    assert terminal.finish() == 0


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("abc", "abc"),
        ("ac" + LEFT + "b", "abc"),
        ("abxc" + LEFT + "\x7f", "abc"),
        ("grüß" + "\x7f", "grü"),
        ("漢字" + LEFT + "x", "漢x字"),
        ("axbc" + LEFT * 3 + DELETE, "abc"),
        ("bc" + LEFT * 2 + "a" + CTRL_E + "d", "abcd"),
        ("abcdef" + LEFT * 3 + CTRL_K, "abc"),
        ("b\x1b[H/\x1b[F", "/b"),
        ("one" + CTRL_U + "/two", "two"),
        ("a" + CTRL_A + CTRL_K + "/b", "b"),
        ("one-two" + " x" + CTRL_W + "\x7f", "one-two"),
        ("a\x1b[99zb", "ab"),  # a key nobody knows does nothing
        ("a\x02\x02\x06b", "ba"),
    ],
)
def test_editing(start, keys, line):
    assert entered(start(), keys) == line


def test_history(start):
    terminal = start()
    assert entered(terminal, "one") == "one"
    assert entered(terminal, "two") == "two"
    terminal.wait_for(PROMPT)
    terminal.type(UP + UP + "x\r")
    assert "unknown command /onex;" in terminal.wait_for("lists them all")
    terminal.wait_for(PROMPT)
    terminal.type("/new" + UP + DOWN + "er\r")
    assert "unknown command /newer;" in terminal.wait_for("lists them all")


def test_long_line_on_a_narrow_terminal(start):
    assert entered(start(columns=20), "x" * 100 + LEFT * 50 + "y") == "x" * 50 + "y" + "x" * 50


def test_pasted_lines_are_one_message(start):
    terminal = start("-n", "3", "--verbose")
    terminal.wait_for(PROMPT)
    terminal.type("\x1b[200~one\rtwo\x1b[201~\r")
    terminal.wait_for("per second")
    terminal.wait_for(PROMPT)
    terminal.type("/undo\r")
    terminal.wait_for("took the last turn back")
    terminal.wait_for(PROMPT)
    terminal.type("/undo\r")
    terminal.wait_for("there is no turn to take back")


def test_control_c_stops_the_answer_only(start):
    terminal = start("-c", "200000")
    terminal.wait_for(PROMPT)
    terminal.type("go\r")
    terminal.wait_for("\x1b[?2004l")
    terminal.wait_for(" ")  # the answer has begun
    terminal.type(CTRL_C)
    terminal.wait_for(PROMPT)
    terminal.type("/stats\r")
    terminal.wait_for("tokens of context in use")
    terminal.wait_for(PROMPT)
    terminal.type(CTRL_D)
    assert terminal.finish() == 0


def test_control_c_clears_the_line(start):
    terminal = start()
    terminal.wait_for(PROMPT)
    terminal.type("something" + CTRL_C)
    terminal.wait_for("^C")
    assert entered(terminal, "else") == "else"


def test_prompt_is_shown_on_a_terminal(start):
    terminal = start("-p", "Hello there", "-n", "4", "--raw")
    assert terminal.finish() == 0
    assert b"Hello there" in terminal.shown
    terminal = start("-p", "Hello there", "-n", "4", "--raw", "--no-display-prompt")
    assert terminal.finish() == 0
    assert b"Hello there" not in terminal.shown


def test_control_characters_of_a_model_stay_away(start):
    # An untrained model at a high temperature writes every byte there is.
    terminal = start("-p", "x", "-n", "200", "--temp", "50", "-s", "1", "--no-display-prompt")
    assert terminal.finish() == 0
    shown = re.sub(rb"\r\x1b\[K|\rloading [^\r]*", b"", terminal.shown)
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", shown)


def test_bar_while_loading(start):
    terminal = start("-p", "x", "-n", "1")
    assert terminal.finish() == 0
    assert b"loading [" in terminal.shown
