# SPDX-License-Identifier: Apache-2.0
"""The door `./x` where Python is too old or lacks its venv module."""

import shutil
import subprocess
from pathlib import Path

import pytest

FAKE_PYTHON = """#!/bin/sh
case $* in
*version_info*) exit {version} ;;
*ensurepip*) exit {venv} ;;
esac
echo "python was called: $*" >&2
exit 7
"""


@pytest.mark.parametrize(
    ("version", "venv", "message"),
    [
        (1, 0, "x: Python 3.11 or later is needed: apt-get install python3 python3-venv"),
        (0, 1, "x: python3 lacks its venv module: apt-get install python3-venv"),
    ],
)
def test_what_lacks_is_named_in_one_line(
    root: Path, tmp_path: Path, version: int, venv: int, message: str
) -> None:
    for name in ("x", "requirements.lock", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "dirname", "cmp", "grep", "env"):
        (programs / name).symlink_to(shutil.which(name))
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (programs / name).write_text(FAKE_PYTHON.format(version=version, venv=venv))
        (programs / name).chmod(0o755)
    command = [tmp_path / "x", "dist"]
    environment = {"PATH": str(programs)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [message]


def test_lock_names_no_address(root: Path) -> None:
    text = (root / "requirements.lock").read_text()
    assert "://" not in text
    for line in text.splitlines():
        assert line.startswith(("#", "    --hash=sha256:")) or line.endswith("\\"), line
