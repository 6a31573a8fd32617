# SPDX-License-Identifier: Apache-2.0
"""Tiny models with one thing changed, and the C program that runs them without a command line."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.data.cases import by_name
from tests.data.make_models import write_gguf
from weights.gguf import Gguf, Kind, Value
from weights.gguf_writer import GgufWriter
from weights.quants import BY_NAME, encode

Tensors = dict[str, tuple[np.ndarray, str]]
Edit = Callable[[dict[str, Value], Tensors], None]


class Engine:
    """check_engine, command by command."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder

    def run(self, *words: object, stdin: bytes = b"") -> tuple[int, str]:
        command = [self.program, *map(str, words)]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout.decode()

    def logits(self, model: Path, ids, threads=2, context=0, split=4096) -> np.ndarray:
        """The rows that `check_engine logits` writes."""
        out = self.folder / "rows"
        stdin = np.array(ids, "<i4").tobytes()
        code, text = self.run("logits", model, out, threads, context, split, stdin=stdin)
        assert code == 0, text
        rows = len(ids) if split > 0 else len(ids) + split + 1
        return np.fromfile(out, "<f4").reshape(rows, -1)

    def refusal(self, model: Path, context: int = 0) -> str:
        """The message with which a model is not opened."""
        code, text = self.run("open", model, context)
        assert code == 1 and text.startswith("error: ") and text.count("\n") == 1, text
        return text.removeprefix("error: ").rstrip("\n")


@pytest.fixture
def engine(ctest: Callable[..., Path], tmp_path: Path) -> Engine:
    return Engine(ctest("engine/check_engine"), tmp_path)


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Path]:
    """tiny(case, type, edit) -> a tiny model, after edit(metadata, tensors)."""

    def make(name: str = "mistral", type_name: str = "f32", edit: Edit | None = None) -> Path:
        path = tmp_path / "x.gguf"
        write_gguf(by_name(name), by_name(name).vocabulary(), type_name, path)
        if edit is not None:
            _rewrite(path, edit)
        return path

    return make


def u32(value: int) -> Value:
    return Value(Kind.U32, value)


def f32(value: float) -> Value:
    return Value(Kind.F32, value)


def _rewrite(path: Path, edit: Edit) -> None:
    with Gguf(path) as model:
        metadata = dict(model.metadata)
        tensors = {name: (t.values(), t.type.name) for name, t in model.tensors.items()}
        edit(metadata, tensors)
        writer = GgufWriter()
        for key, value in metadata.items():
            writer.add(key, value.data, value.item or value.kind)
        for name, (array, type_name) in tensors.items():
            raw = encode(np.ascontiguousarray(array, "<f4"), BY_NAME[type_name])
            writer.add_tensor(name, array.shape, BY_NAME[type_name], lambda raw=raw: [raw])
        writer.write(path)
