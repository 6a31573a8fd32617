# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of the model's numbers: the engine, tiny models and goldens."""

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.data.cases import by_name
from tests.data.make_models import write_gguf

GOLDENS = Path(__file__).parent / "goldens"
NATIVE = {"AMD64": "x86_64", "arm64": "aarch64"}

Logits = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, np.ndarray]]:
    """golden("llama3") -> the arrays that tests/oracle/recipe.py describes."""

    def load(name: str) -> dict[str, np.ndarray]:
        with np.load(GOLDENS / f"{name}.npz") as arrays:
            return dict(arrays)

    return load


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """tiny("llama3", "q8_0") -> that model's GGUF."""
    root = tmp_path_factory.mktemp("tiny")

    def make(name: str, type_name: str = "f32", version: int = 3) -> Path:
        path = root / f"{name}-{type_name}-v{version}.gguf"
        if not path.exists():
            write_gguf(by_name(name), by_name(name).vocabulary(), type_name, path, version)
        return path

    return make


@pytest.fixture(scope="session")
def engine(executable: Callable[[str], Path]) -> Path:
    """The runtime for this machine, without weights."""
    machine = platform.machine()
    return executable(f"{NATIVE.get(machine, machine)}-linux-musl")


@pytest.fixture
def logits(engine: Path, tmp_path: Path) -> Logits:
    """logits(model, ids, "-t", "1") -> what the engine computes, float32 (positions, vocab)."""

    def run(model: Path, ids: list[int], *options: str) -> np.ndarray:
        out = tmp_path / "logits.npy"
        out.unlink(missing_ok=True)
        words = ["-m", model, "--logits", out, "--tokens", ",".join(map(str, ids)), *options]
        done = subprocess.run([engine, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        array = np.load(out)
        assert array.dtype == np.float32 and array.ndim == 2
        return array

    return run
