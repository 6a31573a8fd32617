# SPDX-License-Identifier: Apache-2.0
"""The demo is run from the checkout, not installed: make it importable."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def facts():
    from demo import corpus

    return corpus.load_facts()


@pytest.fixture(scope="session")
def gguf_path():
    return ROOT / "demo" / "demo.gguf"
