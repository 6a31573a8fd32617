# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of weights/: the tiny models, written once per run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.cases import by_name
from tests.data.make_models import write_gguf, write_hf


@pytest.fixture(scope="session")
def hf_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """hf_model("llama3") -> that case's Hugging Face directory; not to be changed."""
    root = tmp_path_factory.mktemp("hf")

    def make(name: str) -> Path:
        if not (root / name).exists():
            write_hf(by_name(name), by_name(name).vocabulary(), root / name)
        return root / name

    return make


@pytest.fixture(scope="session")
def gguf_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """gguf_model("llama3", "q8_0") -> that case's GGUF, written without the converter."""
    root = tmp_path_factory.mktemp("gguf")

    def make(name: str, type_name: str) -> Path:
        path = root / f"{name}-{type_name}.gguf"
        if not path.exists():
            write_gguf(by_name(name), by_name(name).vocabulary(), type_name, path)
        return path

    return make
