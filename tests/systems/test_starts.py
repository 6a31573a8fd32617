# SPDX-License-Identifier: Apache-2.0
"""Ways to start the file on Linux: shells, paths, homes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.systems.conftest import ASK

SHELLS = [["dash"], ["bash"], ["zsh"], ["busybox", "sh"], ["mksh"], ["ksh93"], ["yash"]]
# mksh refuses to execute a file whose first bytes are MZ itself; `mksh ./f` works.
EXECUTING = [shell for shell in SHELLS if shell != ["mksh"]]


def run(command, home: Path | None, **more) -> bytes:
    env = {"PATH": os.environ["PATH"], **({"HOME": str(home)} if home else {})}
    done = subprocess.run(command, capture_output=True, env=env, check=False, **more)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("shell", EXECUTING, ids=" ".join)
def test_shell_executes_the_file(requires_tool, demo, answer, tmp_path, shell):
    program = [requires_tool(shell[0]), *shell[1:]]
    command = [*program, "-c", './demo.llamafile "$@"', "sh", *ASK]
    assert run(command, tmp_path, cwd=demo.parent) == answer  # unpacks
    assert run(command, tmp_path, cwd=demo.parent) == answer  # finds it unpacked


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_shell_reads_the_file(requires_tool, demo, answer, tmp_path, shell):
    assert run([requires_tool(shell[0]), *shell[1:], demo, *ASK], tmp_path) == answer


def test_path_with_spaces(demo, answer, tmp_path):
    folder = tmp_path / "a folder of mine"
    folder.mkdir()
    program = folder / "my demo.llamafile"
    program.hardlink_to(demo)
    assert run(["sh", "-c", '"$0" "$@"', program, *ASK], tmp_path) == answer


def test_read_only_home(demo, answer, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    command = ["sh", demo, *ASK]
    if os.geteuid() == 0:  # permissions do not bind root: a file in the way does
        (home / ".cache").write_text("not a folder\n")
    assert run(command, home) == answer


def test_no_home(demo, answer):
    assert run(["sh", demo, *ASK], None) == answer
