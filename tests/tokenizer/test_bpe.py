# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE gives the ids that `tokenizers` gives, for each pre-tokenizer."""

import pytest

from tests.tokenizer import vocabularies
from tests.tokenizer.conftest import PARSE
from tests.tokenizer.texts import broken, texts

RANDOM_TEXTS = 3000


@pytest.mark.parametrize("pre", vocabularies.PRE)
def test_ids_are_those_of_tokenizers(pre, encode, tmp_path):
    tokenizer = vocabularies.bpe(pre)
    file = vocabularies.write_bpe(tmp_path / "v.gguf", pre, tokenizer)
    asked = texts(1, RANDOM_TEXTS)
    want = [e.ids for e in tokenizer.encode_batch(asked, add_special_tokens=False)]
    got = encode(file, [t.encode() for t in asked], PARSE)
    wrong = [(t, w, g) for t, w, g in zip(asked, want, got, strict=True) if w != g]
    assert not wrong, f"{len(wrong)} of {len(asked)} differ, first {wrong[0]}"


def test_invalid_utf8_is_replaced(encode, tmp_path):
    tokenizer = vocabularies.bpe("llama-bpe")
    file = vocabularies.write_bpe(tmp_path / "v.gguf", "llama-bpe", tokenizer)
    asked = broken(2, 2000)
    strings = [t.decode("utf-8", "replace") for t in asked]
    want = [e.ids for e in tokenizer.encode_batch(strings, add_special_tokens=False)]
    assert encode(file, asked, PARSE) == want
