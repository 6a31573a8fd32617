# SPDX-License-Identifier: Apache-2.0
"""--chat through a pipe: each line is a turn, only answers come out, and nothing is read twice."""

import re
import signal
import subprocess

import pytest

TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}[assistant]"


@pytest.fixture
def chat(run, model):
    """chat(lines, argument...) -> CompletedProcess of a greedy conversation."""

    def call(lines: list[str], *arguments, name="smollm"):
        words = ("-m", model(name), "--chat", "--temp", "0", "-n", "6", *arguments)
        done = run(*words, input="\n".join(lines).encode())
        assert done.returncode == 0, done.stderr
        return done

    return call


def once(run, model, prompt: str) -> str:
    words = ("-m", model(), "--raw", "--temp", "0", "-n", "6", "-p", prompt)
    return run(*words).stdout.removesuffix("\n")


def test_turns_follow_the_template(chat, run, model):
    done = chat(["one", "two"], "--chat-template", TEMPLATE, "-sys", "be brief")
    prompt = "[system]be brief\n[user]one\n[assistant]"
    first = once(run, model, prompt)
    second = once(run, model, f"{prompt}{first}\n[user]two\n[assistant]")
    assert (done.stdout, done.stderr) == (f"{first}\n{second}\n", "")


def test_base_model_continues_text(chat, run, model):
    first = once(run, model, "one")
    second = once(run, model, f"one{first}two")
    assert chat(["one", "two"], "--raw").stdout == f"{first}\n{second}\n"


def test_only_what_is_new_is_read(chat):
    done = chat(["a b c d " * 20, "x"], "--chat-template", TEMPLATE, "--verbose")
    first, second = map(int, re.findall(r"read (\d+) tokens", done.stderr))
    assert second < first / 2


def test_blank_lines_are_no_turns(chat):
    assert chat(["", "  ", "one", ""], "--raw").stdout == chat(["one"], "--raw").stdout


def test_line_ends_of_windows(chat):
    assert chat(["one\r", "two\r"], "--raw").stdout == chat(["one", "two"], "--raw").stdout


@pytest.mark.parametrize("line", ["one\\", '"""one', '"""one"""', '"""'])
def test_lines_of_a_pipe_are_taken_as_they_are(chat, run, model, line):
    first = once(run, model, line)
    second = once(run, model, f"{line}{first}two")
    assert chat([line, "two"], "--raw").stdout == f"{first}\n{second}\n"


def test_nul_in_a_line(run, model):
    done = run("-m", model(), "--chat", "--raw", "-n", "1", input=b"one\0two\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "a line holds a NUL byte" in done.stderr


def test_new_answer_to_the_same_question(chat):
    words = ("--raw", "--temp", "5", "-s", "3", "-n", "20")
    done = chat(["one", "/clear", "one"], *words)
    assert done.stdout == chat(["one", "/clear", "one"], *words).stdout
    first = chat(["one"], *words).stdout
    assert done.stdout.startswith(first) and done.stdout != first * 2


def test_clear(chat):
    one = chat(["one"], "--raw").stdout
    done = chat(["one", "/clear", "one"], "--raw")
    assert (done.stdout, done.stderr) == (one * 2, "a new conversation\n")


def test_undo(chat):
    one, both = chat(["one"], "--raw").stdout, chat(["one", "two"], "--raw").stdout
    done = chat(["one", "two", "/undo", "two", "/undo", "/undo", "/undo"], "--raw")
    assert done.stdout == both + both.removeprefix(one)
    assert done.stderr.splitlines()[-1] == "there is no turn to take back"


def test_commands(chat):
    done = chat(["/help", "/stats", "/nonsense x", "/exit", "never"], "--raw")
    assert done.stdout == ""
    for word in ("/clear", "/undo", "/stats", "/exit", "tokens of context in use", "per second"):
        assert word in done.stderr
    assert "unknown command /nonsense; /help lists them all" in done.stderr


def test_end_of_input_at_once(chat):
    assert chat([]).stdout == ""


def test_context_overflow_ends_a_pipe(run, model):
    words = ("-m", model(), "--chat", "--raw", "-c", "8")
    done = run(*words, input=b"one\n" + b"a b c d e f " * 9)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("the context 8; a larger one: -c 256")


def test_interrupt_ends_a_pipe(llamafile, model):
    command = [llamafile, "-m", model(), "--chat", "-c", "200000"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT  # which a shell calls 130
