# SPDX-License-Identifier: Apache-2.0
"""One file for all tests of this folder: dist/demo.llamafile, and what it must answer."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.foreign.conftest import foreign as foreign  # the fixture serves here too

QUESTION = "What is packllama?"
ASK = ["--cli", "--temp", "0", "-p", QUESTION]


@pytest.fixture(scope="session")
def demo(dist) -> Path:
    return dist.demo


@pytest.fixture(scope="session", autouse=True)
def one_and_the_same_file(demo: Path):
    """The file's bytes are the same before and after it has run on every system."""
    before = hashlib.sha256(demo.read_bytes()).hexdigest()
    yield
    assert hashlib.sha256(demo.read_bytes()).hexdigest() == before


@pytest.fixture(scope="session")
def answer(demo: Path) -> bytes:
    """What the static Linux payload says, run by this machine's own processor."""
    done = subprocess.run(["sh", demo, *ASK], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"packllama" in done.stdout
    return done.stdout


@pytest.fixture(scope="session")
def payload(demo: Path, tmp_path_factory) -> Callable[[str], Path]:
    """payload("x86_64-freebsd") -> that member of the file, as the stub unpacks it."""
    folder = tmp_path_factory.mktemp("payloads")

    def unpack(target: str) -> Path:
        path = folder / target
        if not path.exists():
            with zipfile.ZipFile(demo) as archive:
                path.write_bytes(archive.read(f"native/{target}/llamafile"))
            path.chmod(0o700)
        return path

    return unpack


@pytest.fixture
def ask(demo: Path, monkeypatch) -> Callable[[list], bytes]:
    """ask(words) -> the answer of a payload that is told, as by the stub, where its file lies."""

    def run(words: list) -> bytes:
        monkeypatch.setenv("PACKLLAMA_SELF", str(demo))
        command = [*map(str, words), *ASK, "-t", "2"]
        done = subprocess.run(command, capture_output=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run
