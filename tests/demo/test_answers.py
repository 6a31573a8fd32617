# SPDX-License-Identifier: Apache-2.0
"""The engine with demo.gguf answers questions it was trained on, at temperature 0."""

import subprocess

import pytest

from demo import corpus

ASKED = [
    ("what-is", "What is packllama?"),
    ("pack", "How do I pack weights?"),
    ("args", "What is .args?"),
    ("args-dots", "what does ... do in .args"),
    ("systems", "Which systems are supported?"),
    ("flag-n", "What does -n do?"),
    ("flag-minp", "what is --min-p for"),
    ("err-zsh", "zsh: exec format error"),
    ("err-4gib", "why is there a 4 GB limit"),
    ("build", "How do I build packllama?"),
    ("hello", "Hello"),
    ("dontknow", "What is the capital of France?"),
    ("dontknow", "How do I bake bread?"),
]


@pytest.fixture(scope="module")
def ask(executable, gguf_path):
    program = executable("x86_64-linux-musl")

    def run(*words, text=None):
        command = [program, "-m", gguf_path, "--temp", "0", "-t", "1", *words]
        done = subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", check=True
        )
        return done.stdout

    return run


@pytest.mark.parametrize(("fact", "text"), ASKED)
def test_one_question(fact, text, ask, facts):
    assert ask("-p", text).strip() == facts[fact].answer


def test_a_conversation(ask, facts):
    """Each line of standard input is a turn; what was said before does not disturb."""
    turns = ["Hello", "What is zipalign?", "Who won the match?", "what does -c do"]
    turns.append("thank you very much")
    ids = ["hello", "zipalign", corpus.DONT_KNOW, "flag-c", "thanks"]
    said = [line for line in ask("--chat", text="\n".join(turns) + "\n").splitlines() if line]
    assert said == [facts[i].answer for i in ids]


def test_plain_continuation(ask, facts):
    """Without the template the model still answers, on the next line."""
    assert ask("--raw", "-p", "What is packllama?").strip() == facts["what-is"].answer
