# SPDX-License-Identifier: Apache-2.0
"""The user's choice of a cache is taken, or the stub says that it cannot take it."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.ape.conftest import HELLO, cached, every_shell


@every_shell
def test_cache_chosen_by_the_user(shell, start, polyglot, tmp_path):
    folder = tmp_path / "a cache"
    folder.mkdir()
    assert start([*shell, polyglot], env={"PROBE_CACHE": str(folder)}).returncode == 0
    assert [path.name for path in cached(folder)] == ["probe"]
    assert cached(start.home) == []


@every_shell
def test_xdg_cache_home(shell, start, polyglot, tmp_path):
    assert start([*shell, polyglot], env={"XDG_CACHE_HOME": str(tmp_path)}).returncode == 0
    assert len(list(tmp_path.glob("probe/*/probe"))) == 1
    assert cached(start.home) == []


@every_shell
@pytest.mark.parametrize("missing", ["new", "new/below it/", "./new"])
def test_missing_folder_is_made(shell, missing, start, polyglot, tmp_path):
    for name, found in (("PROBE_CACHE", "*/probe"), ("XDG_CACHE_HOME", "probe/*/probe")):
        folder = f"{tmp_path}/{name} {missing}"
        for _ in range(2):
            process = start([*shell, polyglot], env={name: folder})
            assert process.stdout.endswith(HELLO.decode())
            assert process.stderr == ""
        (program,) = (tmp_path / folder).glob(found)
        assert program.parent.parent.stat().st_mode & 0o777 == 0o700
    assert cached(start.home) == []


@every_shell
@pytest.mark.parametrize("choice", ["/proc/not/there", "/proc", "relative", "HOME/file"])
def test_choice_that_cannot_be_taken(shell, choice, start, polyglot):
    """One line says so, on each start, and the next place in the list is used."""
    (start.home / "file").write_text("not a folder")
    choice = choice.replace("HOME", str(start.home))
    for _ in range(2):
        process = start([*shell, polyglot], env={"PROBE_CACHE": choice})
        assert process.stdout.endswith(HELLO.decode())
        assert process.stderr == (
            f"probe: PROBE_CACHE={choice} is no folder to unpack to and run from; "
            f"used {start.home}/.cache/probe\n"
        )
    assert (start.home / ".cache/probe").is_dir()


DD = """#!/bin/sh
echo "$@" >>"$LOG"
[ "$OLD" ] && case $* in *conv=*) exit 1 ;; esac
exec {dd} "$@"
"""


@every_shell
@pytest.mark.parametrize("old", ["", "old"])
def test_program_is_on_the_disk_before_it_is_named(shell, old, start, polyglot, tmp_path):
    """By dd where it can; an old one cannot, and sync does it."""
    log, tools = tmp_path / "log", tmp_path / "tools"
    tools.mkdir()
    (tools / "dd").write_text(DD.format(dd=shutil.which("dd")))
    (tools / "sync").write_text('#!/bin/sh\necho sync >>"$LOG"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    env = {"PATH": f"{tools}:{os.environ['PATH']}", "LOG": str(log), "OLD": old}
    program = [shutil.which(shell[0]), *shell[1:], polyglot]
    assert start(program, env=env).stdout.endswith(HELLO.decode())
    lines = log.read_text().splitlines()
    assert lines[1].endswith(" conv=fsync")
    assert lines[2:] == ([lines[1].removesuffix(" conv=fsync"), "sync"] if old else [])
    assert len(cached(start.home)) == 1
