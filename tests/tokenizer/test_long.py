# SPDX-License-Identifier: Apache-2.0
"""Long runs of one character: what would be quadratic does not end within the test's patience."""

import pytest

from tests.tokenizer import vocabularies
from tests.tokenizer.test_spm import trained, write_model

LENGTH = 60_000
RUNS = {"letter": "a", "upper": "A", "space": " ", "newline": "\n", "han": "中", "mark": "\u0301",
        "digit": "7", "dots": ".", "apostrophe": "'", "tag": "<"}  # fmt: skip


@pytest.mark.parametrize("pre", ["gpt-2", "tekken", "deepseek-coder"])
def test_byte_level(pre, encode, decode, tmp_path):
    file = vocabularies.write_bpe(tmp_path / "v.gguf", pre, vocabularies.bpe(pre))
    asked = [(run * LENGTH).encode() for run in RUNS.values()]
    assert decode(file, encode(file, asked)) == asked


def test_spm(encode, tmp_path):
    model = trained(True, True)
    asked = [run * LENGTH for run in RUNS.values()]
    file = write_model(tmp_path / "v.gguf", model)
    assert encode(file, [t.encode() for t in asked]) == model.encode(asked)
