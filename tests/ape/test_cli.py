# SPDX-License-Identifier: Apache-2.0
"""The command line: statuses, streams, and one line per error."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

from ape.cli import main
from tests.ape.conftest import ROOT
from tests.ape.make_program import make_program


@pytest.fixture
def musl(tmp_path):
    path = tmp_path / "musl"
    path.write_bytes(make_program("x86_64-linux-musl"))
    return f"x86_64-linux-musl={path}"


def _run(*words):
    return subprocess.run(
        [sys.executable, "-m", "ape", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_link_layout_check_as_commands(musl, tmp_path):
    out = tmp_path / "out"
    data = tmp_path / "a=b"
    data.write_text("text")
    options = ["--name", "me", "--env-prefix", "MINE", "--build-id", "0123abcd"]
    process = _run("link", "-o", out, *options, musl, "--data", f"d/x={data}", f"y={data}")
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    with zipfile.ZipFile(out) as pack:
        assert pack.namelist() == ["native/x86_64-linux-musl/me", ".ape/build-id", "d/x", "y"]
        assert pack.read(".ape/build-id") == b"0123abcd"
        assert pack.read("d/x") == b"text"
    assert b"MINE_SELF" in out.read_bytes()[0x1000:0x2000]
    process = _run("check", out)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    shown = json.loads(_run("layout", "--json", out).stdout)
    assert shown["size"] == out.stat().st_size
    out.write_bytes(b"MZ")
    process = _run("check", out)
    assert process.returncode == 1
    assert process.stdout.startswith(f"{out}: no polyglot")


def test_prefix_comes_from_the_name(musl, tmp_path):
    for name, prefix in (("me", b"ME"), ("my-tool.2", b"MY_TOOL_2"), ("7zip", b"_7ZIP")):
        out = tmp_path / "out"
        assert main(["link", "-o", str(out), "--name", name, musl]) == 0
        assert b"\n" + prefix + b"_SELF=$self\n" in out.read_bytes()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["x86_64-linux-musl"], "'x86_64-linux-musl' is not of the form NAME=PATH"),
        (["x86_64-amiga=f"], "unknown target 'x86_64-amiga'"),
        (["MUSL", "MUSL"], "target 'x86_64-linux-musl' is given twice"),
        (["MUSL", "--data", "x"], "'x' is not of the form NAME=PATH"),
        (["MUSL", "--data", "x=f", "x86_64-macos=f"], "give the targets in front of --data"),
        (["MUSL", "--name", "a b"], "name 'a b' does not fit"),
        (["MUSL", "--build-id", "xyz"], "build id 'xyz'"),
        (["MUSL", "-o", "/dev/null"], "/dev/null: is no regular file"),
        (["MUSL", "-o", "/"], "/: is no regular file"),
    ],
)
def test_wrong_usage_is_status_2(words, line, musl, tmp_path, capsys):
    words = [musl if word == "MUSL" else word for word in words]
    assert main(["link", "-o", str(tmp_path / "out"), "--name", "me", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ape: error: ")
    assert line in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["link"], ["link", "-o", "x"], ["layout"], ["build"]])
def test_argparse_errors_are_status_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_help_names_all_commands_and_targets(capsys):
    for words in (["--help"], ["link", "--help"]):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "layout" in text
    assert "aarch64-openbsd" in text


def test_failure_is_status_1(musl, tmp_path, capsys):
    missing = tmp_path / "missing"
    out = tmp_path / "folder" / "out"
    words = ["--name", "me", musl]
    assert main(["link", "-o", str(out), *words]) == 1
    assert main(["link", "-o", str(tmp_path / "o"), *words[:2], f"x86_64-macos={missing}"]) == 1
    assert main(["layout", str(missing)]) == 1
    nowhere = "No such file or directory"
    assert capsys.readouterr().err.splitlines() == [
        f"ape: error: {out}: its folder does not exist",
        f"ape: error: {missing}: {nowhere}",
        f"ape: error: {missing}: {nowhere}",
    ]
    assert not list(tmp_path.glob(".o*"))
