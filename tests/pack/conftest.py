# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the C programs of this room, once per compiler."""

import subprocess
from pathlib import Path

import pytest

from tests import sanitized

BUILD_ID = "0123456789abcdef"


@pytest.fixture(scope="session", params=sanitized.EVERY_COMPILER)
def program(request, tmp_path_factory):
    """program(name) -> path of the built tests/pack/NAME.c."""
    folder = tmp_path_factory.mktemp(request.param)

    def build(name: str) -> Path:
        out = folder / name
        if not out.exists():
            files = [f"tests/pack/{name}.c", *sanitized.sources("base", "pack", "platform")]
            flags = ["-std=gnu11", f'-DPACKLLAMA_BUILD_ID="{BUILD_ID}"']
            sanitized.compile_c(request.param, out, files, *flags)
        return out

    return build


@pytest.fixture
def run(program):
    """run(name, argument...) -> standard output; a crash or a sanitizer's complaint fails."""

    def call(name: str, *arguments, **options) -> str:
        command = [program(name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, timeout=120, **options)
        assert done.returncode == 0, (done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout.decode()

    return call


@pytest.fixture
def build_id() -> str:
    """The id that the programs of this room are compiled with."""
    return BUILD_ID
