# SPDX-License-Identifier: Apache-2.0
"""Programs that start the polyglot: those that fall back to sh, those that do not, and binfmt."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("caller", ["env", "nohup", "timeout 9", "nice", "setsid -w", "xargs -I@"])
def test_programs_that_fall_back_to_sh(caller, start, polyglot):
    """They call execvp of the C library, which runs /bin/sh on ENOEXEC."""
    process = start([*caller.split(), polyglot, "a b"], stdin="one line\n")
    assert process.returncode == 0
    assert "arg=a b\n" in process.stdout


def test_execve_itself_refuses(start, polyglot):
    """Documented in NOTES: no kernel takes the file, so a caller without sh gets ENOEXEC."""
    with pytest.raises(OSError, match="Exec format error"):
        start([polyglot])


def test_binfmt_rule_makes_execve_work(start, polyglot, namespace, cannot):
    """The rule of NOTES in a private binfmt_misc, with plain /bin/sh as interpreter."""
    script = """mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || { echo cannot; exit 0; }
echo ':polyglot:M::MZ=;eval::/bin/sh:' >/proc/sys/fs/binfmt_misc/register
exec python3 -c 'import os, sys; os.execv(sys.argv[1], sys.argv[1:])' "$@" """
    process = start([*namespace, script, "sh", polyglot, "a b"])
    if process.stdout == "cannot\n":
        cannot("binfmt_misc", "no private binfmt_misc on this kernel")
    assert process.returncode == 0
    assert "arg=a b\n" in process.stdout
