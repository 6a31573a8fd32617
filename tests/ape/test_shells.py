# SPDX-License-Identifier: Apache-2.0
"""The polyglot starts from every shell, in every way a shell starts a file."""

from __future__ import annotations

import shutil

import pytest

from tests.ape.conftest import HELLO, cached

SHELLS = ["dash", "bash", "bash --posix", "zsh", "zsh --emulate sh", "busybox sh", "mksh", "lksh"]
SHELLS += ["ksh93", "yash", "posh", "dash -eu"]
NO_EXEC = ("mksh", "lksh")  # they refuse to exec what starts with MZ, see NOTES
ARGUMENTS = ["a b", "", "é漢", "*", "-n", "$HOME", "back\\slash", "'", "two\nlines"]


def _shells(names):
    return [
        pytest.param(name.split(), id=name, marks=pytest.mark.requires_tool(name.split()[0]))
        for name in names
    ]


every_shell = pytest.mark.parametrize("shell", _shells(SHELLS))
exec_shell = pytest.mark.parametrize("shell", _shells(s for s in SHELLS if s not in NO_EXEC))


def _ran(process, arguments=()):
    """The probe ran, got the arguments, and read its entry; nothing was said on stderr."""
    assert process.returncode == 0, process
    assert process.stderr == ""
    for argument in arguments:
        assert f"arg={argument}\n" in process.stdout
    assert "built=x86_64-linux-" in process.stdout
    assert process.stdout.endswith("entry=" + HELLO.decode())


@every_shell
def test_read_as_a_script(shell, start, polyglot):
    _ran(start([*shell, polyglot, *ARGUMENTS]), ARGUMENTS)
    again = start([*shell, polyglot, *ARGUMENTS])
    _ran(again, ARGUMENTS)
    assert f"\npack={polyglot}\n" in again.stdout
    assert f"\nargv0={polyglot}\n" in again.stdout


@every_shell
def test_second_start_uses_the_cache(shell, start, polyglot):
    _ran(start([*shell, polyglot]))
    if shell == ["posh"]:
        assert cached(start.home) == []  # no test -O: one-shot, see NOTES
        return
    (program,) = cached(start.home)
    before = program.stat()
    _ran(start([*shell, polyglot]))
    (program,) = cached(start.home)
    assert program.stat().st_ino == before.st_ino
    assert program.stat().st_mode & 0o777 == 0o700
    assert program.parent.stat().st_mode & 0o777 == 0o700


@exec_shell
def test_executed_as_a_command(shell, start, polyglot):
    _ran(start([*shell, "-c", '"$0" "$@"', polyglot, *ARGUMENTS]), ARGUMENTS)


@pytest.mark.parametrize("shell", _shells(NO_EXEC))
def test_shells_that_refuse_mz_say_so(shell, start, polyglot):
    process = start([*shell, "-c", '"$0"', polyglot])
    assert process.returncode == 126
    assert "magic 4D5A" in process.stderr


@exec_shell
def test_found_by_path(shell, start, polyglot):
    path = f"{polyglot.parent}:/usr/local/bin:/usr/bin:/bin"
    process = start([*shell, "-c", "probe.com 'a b'"], env={"PATH": path})
    if shell == ["ksh93"]:  # it runs the file itself and calls it by its bare name, see NOTES
        assert process.returncode == 9
        assert "probe.com: cannot open" in process.stderr
        return
    _ran(process, ["a b"])
    assert f"\npack={polyglot}\n" in process.stdout


@every_shell
def test_name_without_a_slash(shell, start, polyglot):
    process = start([*shell, "probe.com"], cwd=polyglot.parent)
    _ran(process)
    assert f"\npack={polyglot}\n" in process.stdout


@every_shell
def test_path_with_spaces(shell, start, polyglot, tmp_path):
    copy = tmp_path / "my  own $dir" / "it's probe"
    copy.parent.mkdir()
    shutil.copy(polyglot, copy)
    process = start([*shell, copy, "x"])
    _ran(process, ["x"])
    assert f"\npack={copy}\n" in process.stdout


@every_shell
def test_stdin_is_left_alone(shell, start, polyglot):
    text = "".join(f"line {k}\n" for k in range(20000))
    for _ in range(2):
        process = start([*shell, polyglot, "--stdin"], stdin=text)
        assert process.returncode == 0
        assert text in process.stdout


@every_shell
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors(shell, closed, start, polyglot):
    """4 is the probe's word for a stdout it cannot write to."""
    words = " ".join(f"'{word}'" for word in [*shell, polyglot])
    expected = 4 if ">&-" in closed.replace("2>&-", "") else 0
    for _ in range(2):
        assert start(["dash", "-c", f"{words} {closed}"]).returncode == expected


@every_shell
def test_no_environment_but_path(shell, start, polyglot):
    process = start(["env", "-i", "PATH=/usr/bin:/bin", *shell, polyglot, "a b"])
    assert process.returncode == 0
    assert "arg=a b\n" in process.stdout


@every_shell
def test_empty_environment(shell, start, polyglot):
    """yash has no PATH of its own then, so there is no dd: status 9 (FORMAT 2.3)."""
    process = start(["env", "-i", shutil.which(shell[0]), *shell[1:], polyglot])
    assert process.returncode == (9 if shell == ["yash"] else 0)


@pytest.mark.requires_tool("fish")
@pytest.mark.parametrize("command", ["$argv", "./probe.com $argv[2..]", "probe.com $argv[2..]"])
def test_fish_as_caller(command, start, polyglot):
    path = f"{polyglot.parent}:/usr/bin:/bin"
    words = ["fish", "-c", command, polyglot, "a b", ""]
    _ran(start(words, cwd=polyglot.parent, env={"PATH": path}), ["a b", ""])


def test_environment_is_handed_over(start, polyglot):
    """The variables of the contract are set, whatever the caller had put there."""
    lies = {"PROBE_SELF": "/nonexistent", "PROBE_ARGV0": "x", "PROBE_TMP": "/nonexistent"}
    _ran(start(["sh", polyglot], env=lies))
