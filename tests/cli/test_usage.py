# SPDX-License-Identifier: Apache-2.0
"""The manual, and wrong command lines: one line and status 2."""

import re

import pytest

CASES = {
    "unknown": (["--foo"], "unknown option --foo; --help lists them all"),
    "misspelt": (["--tmp", "1"], "unknown option --tmp; did you mean --temp?"),
    "abbreviated": (["--ctx", "1"], "unknown option --ctx; did you mean --ctx-size?"),
    "unknown short": (["-z"], "unknown option -z; --help lists them all"),
    "no value": (["-m"], "option -m needs a value: FILE"),
    "value for a flag": (["--chat=1"], "option --chat takes no value"),
    "not a number": (["-c", "12x"], "option -c: '12x' is not a whole number"),
    "empty number": (["-n", ""], "option -n: '' is not a whole number"),
    "too large": (["-t", "99999"], "option -t: 99999 is not within 0 to 1024"),
    "overflow": (["-n", "99999999999999999999"],
                 "option -n: 99999999999999999999 is not within -1 to 16777216"),
    "below": (["-n", "-2"], "option -n: -2 is not within -1 to 16777216"),
    "not a fraction": (["--temp=hot"], "option --temp: 'hot' is not a number"),
    "no finite number": (["--temp", "nan"], "option --temp: 'nan' is not a number"),
    "past one": (["--top-p", "1.5"], "option --top-p: 1.5 is not within 0 to 1"),
    "seed": (["-s", "-5"], "option -s: '-5' is neither a whole number nor -1"),
    "second file": (["a.gguf", "b.gguf"], "unexpected argument 'b.gguf'; a text goes after -p"),
    "chat and prompt": (
        ["--chat", "-p", "x"],
        "--chat takes no prompt; --system sets the scene, --cli answers one",
    ),
    "tokens alone": (["--tokens", "1"], "--tokens goes with --logits only"),
    "tokens and prompt": (
        ["--logits", "f", "--tokens", "1", "-p", "x"],
        "--tokens and a prompt exclude each other",
    ),
    "two templates": (
        ["--chat-template", "x", "--chat-template-file", "y"],
        "--chat-template and --chat-template-file exclude each other",
    ),
    "nothing to measure": (
        ["--bench", "--pp", "0", "--tg", "0"],
        "--pp 0 and --tg 0 leave nothing to measure",
    ),
    "no prompt": (["--cli"], "there is no prompt: give -p TEXT or -f FILE, or pipe one in"),
    "nothing at all": ([], "there is no prompt: give -p TEXT or -f FILE, or pipe one in"),
    "first complaint": (["-n", "x", "--foo"], "option -n: 'x' is not a whole number"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_wrong_usage(refused, name):
    arguments, line = CASES[name]
    assert refused(2, *arguments) == line


def test_version(run):
    done = run("--version")
    assert done.returncode == 0
    assert re.fullmatch(
        r"llamafile \d+\.\d+\.\d+ \(packllama\) build [0-9a-f]{16} \S+ \S+\n", done.stdout
    )


def test_version_and_help_come_before_complaints(run):
    assert run("--foo", "--version", "-m", "gone").returncode == 0
    assert run("-n", "x", "--help").returncode == 0


SHORT = ["-m", "-p", "-f", "-e", "-n", "-c", "-t", "-s", "-h", "-sys"]
LONG = """--chat --cli --tokenize --bench --logits --version --help --print-args --temp --top-k
--top-p --min-p --repeat-penalty --repeat-last-n --raw --system --json --pp --tg"""


def test_help_names_every_option(run):
    text = run("--help").stdout
    for option in SHORT:
        assert re.search(rf"^  {option}, --", text, re.M), option
    for option in LONG.split():
        assert re.search(rf"^  (-\w+, )?{option}( [A-Z]+)?( |$)", text, re.M), option


@pytest.mark.parametrize("columns", [20, 60, 80, 100, 300])
def test_help_fits_the_terminal(run, columns):
    text = run("--help", env={"COLUMNS": str(columns)}).stdout
    assert max(map(len, text.splitlines())) <= min(max(columns, 60), 100)


def test_help_shows_defaults(run):
    text = " ".join(run("--help").stdout.split())
    assert "always takes the likeliest token (0.8)" in text
    assert "until the model ends (-1)" in text


def test_long_option_with_equals_sign(refused):
    line = refused(1, "--model=gone=.gguf", "--prompt=x")
    assert line == "gone=.gguf: No such file or directory"
