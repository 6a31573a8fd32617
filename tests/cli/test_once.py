# SPDX-License-Identifier: Apache-2.0
"""--cli: one prompt in, one answer out, and nothing else on standard output."""

import os
import signal
import subprocess

import pytest

GREEDY = ("--temp", "0")


@pytest.fixture
def answer(run, model):
    """answer(argument...) -> standard output of a greedy run that succeeds silently."""

    def call(*arguments, input=b"", name="smollm", **options) -> str:
        done = run("-m", model(name), *GREEDY, *arguments, input=input, **options)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return call


def test_sources_of_the_prompt(answer, tmp_path):
    (tmp_path / "p.txt").write_text("Grüße")
    expected = answer("-p", "Grüße", "-n", "8")
    assert expected.endswith("\n") and "Grüße" not in expected
    assert answer("-f", tmp_path / "p.txt", "-n", "8") == expected
    assert answer("-f", "-", "-n", "8", input="Grüße".encode()) == expected
    assert answer("-n", "8", input="Grüße".encode()) == expected
    assert answer("--cli", "-n", "8", input="Grüße".encode()) == expected


def test_file_named_alone_is_the_model(run, model):
    words = (*GREEDY, "-n", "8", "-p", "x")
    assert run(model(), *words).stdout == run("-m", model(), *words).stdout != "\n"


def test_escapes(answer):
    plain = answer("--raw", "-n", "8", "-p", 'a\n\t"A\\')
    assert answer("--raw", "-n", "8", "-e", "-p", r"a\n\t\"\x41\\") == plain
    assert answer("--raw", "-n", "8", "-p", r"a\n\t\"\x41\\") != plain


def test_number_of_tokens(answer):
    assert answer("-p", "x", "-n", "0") == ""
    few, many = answer("-p", "x", "-n", "5"), answer("-p", "x", "-n", "20")
    assert many.startswith(few.rstrip("\n\ufffd"))


def test_threads_do_not_change_the_answer(answer):
    assert answer("-p", "x", "-n", "30", "-t", "1") == answer("-p", "x", "-n", "30", "-t", "3")


def test_seed(run, model):
    words = ("-m", model(), "-p", "x", "-n", "20", "--temp", "2")
    first, again, other = (run(*words, "-s", s).stdout for s in (7, 7, 8))
    assert first == again != other
    assert run(*words).stdout != run(*words).stdout


def test_template(answer):
    # The tiny models' own template against the same text written out.
    raw = answer("--raw", "-n", "9", "-p", "SYSTEM:s USER:hi ")
    template = "{% for m in messages %}{{ m.role | upper }}:{{ m.content }} {% endfor %}"
    assert answer("--chat-template", template, "-sys", "s", "-n", "9", "-p", "hi") == raw


def test_system_message_needs_a_template(refused, model):
    line = refused(1, "-m", model(), "--raw", "-sys", "s", "-p", "x")
    assert line == f"{model()}: has no chat template, so --system has no meaning"


def test_context_is_full(run, model):
    done = run("-m", model(), *GREEDY, "--raw", "-p", "a b c", "-c", "16", "-n", "200")
    assert done.returncode == 0 and done.stdout
    note = "note: the context of 16 tokens is full; a larger one: -c 256"
    assert done.stderr == f"llamafile: {note}\n"


def test_prompt_longer_than_the_context(refused, model):
    line = refused(1, "-m", model(), "--raw", "-p", "a b c d e f g h", "-c", "4")
    assert line.endswith("the context 4; a larger one: -c 256")
    line = refused(1, "-m", model(), "--raw", "-p", "a b c d " * 300)
    assert line.endswith("the context 256, which is all the model can do; shorten it")


def test_nul_in_the_prompt(refused, model):
    assert (
        refused(1, "-m", model(), input=b"a\0b") == "the prompt: holds a NUL byte; a prompt is text"
    )


def test_verbose_goes_to_standard_error(run, model):
    done = run("-m", model(), *GREEDY, "-p", "x", "-n", "4", "--verbose")
    assert done.stdout == run("-m", model(), *GREEDY, "-p", "x", "-n", "4").stdout
    assert "per second" in done.stderr and "kernels" in done.stderr


def test_full_disk(llamafile, model):
    with open("/dev/full", "w") as full:
        command = [llamafile, "-m", model(), "-p", "x", "-n", "4"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "llamafile: error: standard output: No space left on device\n"


def test_interrupt(llamafile, model):
    command = [llamafile, "-m", model(), "-c", "200000", "-p", "x", "--temp", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert os.read(process.stdout.fileno(), 1)
    process.send_signal(signal.SIGINT)
    text, complaint = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT  # which a shell calls 130
    assert b"error" not in complaint and text.endswith(b"\n")
