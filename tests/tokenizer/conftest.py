# SPDX-License-Identifier: Apache-2.0
"""The program under test, and how to ask it about many texts at once."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import sanitized
from tests.tokenizer.build import build

ROOMS = ("base", "gguf", "kernels/types", "tokenizer")
SPECIAL, PARSE = 1, 2  # flags of tokenizer_encode


@pytest.fixture(scope="session", params=[sanitized.best_compiler()])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built check_tokenizer."""
    folder = tmp_path_factory.mktemp(request.param)
    return build(request.param, folder, "tokenizer/check_tokenizer", ROOMS)


@pytest.fixture(scope="session")
def encode(program: Path) -> Callable[[Path, list[bytes], int], list[list[int]]]:
    """encode(FILE, texts, flags) -> ids per text, all by one process."""

    def run(file: Path, texts: list[bytes], flags: int = 0) -> list[list[int]]:
        stdin = b"".join(struct.pack("<I", len(t)) + t for t in texts)
        command = [program, "encode", str(flags), file]
        out = subprocess.run(command, input=stdin, capture_output=True, check=True).stdout
        ids, pos = [], 0
        while pos < len(out):
            (count,) = struct.unpack_from("<I", out, pos)
            ids.append(list(struct.unpack_from(f"<{count}i", out, pos + 4)))
            pos += 4 + 4 * count
        assert len(ids) == len(texts)
        return ids

    return run


@pytest.fixture(scope="session")
def decode(program: Path) -> Callable[[Path, list[list[int]], int], list[bytes]]:
    """decode(FILE, ids per text, flags) -> the bytes of each."""

    def run(file: Path, ids: list[list[int]], flags: int = 0) -> list[bytes]:
        stdin = b"".join(struct.pack(f"<I{len(i)}i", len(i), *i) for i in ids)
        command = [program, "decode", str(flags), file]
        out = subprocess.run(command, input=stdin, capture_output=True, check=True).stdout
        texts, pos = [], 0
        while pos < len(out):
            (length,) = struct.unpack_from("<I", out, pos)
            texts.append(out[pos + 4 : pos + 4 + length])
            pos += 4 + length
        return texts

    return run


@pytest.fixture(scope="session")
def about(program: Path) -> Callable[[Path], str]:
    """about(FILE) -> what the tokenizer says about itself, or its error line."""

    def run(file: Path) -> str:
        return subprocess.run(
            [program, "about", "0", file], capture_output=True, check=False, text=True
        ).stdout

    return run
