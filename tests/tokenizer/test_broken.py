# SPDX-License-Identifier: Apache-2.0
"""Broken UTF-8, in texts and in the texts of special tokens: nothing is read past a text (the
program is built with AddressSanitizer), and what comes back is what Python's decoder gives."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tokenizer import vocabularies
from tests.tokenizer.conftest import PARSE
from tests.tokenizer.test_spm import trained, write_model

# Ten bytes each, as long as the name of the token that they replace.
BROKEN = {
    "begins inside": b"\xa9abcdefghi",
    "ends inside": b"abcdefgh \xe6",
    "both": b"\xbc\xa2bcdefg\xf0\x9f",
    "too long a form": b"\xc0\x80bcdefghi",
}
PIECES = st.sampled_from(
    [b"a", b" ", b"\xc3", b"\xa9", b"\xe6", b"\xbc", b"\xf0", b"\x9f", b"\xa6", b"\xed", b"1",
     b"<|im_start|>", b"<tool>", b"abcdefghi", b"'", b"\n", "\u017f".encode(), "漢".encode()]
)  # fmt: skip


def repaired(text: bytes) -> bytes:
    return text.decode("utf-8", "replace").encode()


@pytest.fixture(scope="module", params=["gpt-2", "tekken", "deepseek-coder", "spm"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("broken") / "v.gguf"
    if request.param == "spm":
        return write_model(file, trained(True, True))
    return vocabularies.write_bpe(file, request.param, vocabularies.bpe(request.param))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(PIECES, max_size=9).map(b"".join), min_size=20, max_size=20))
def test_texts(model, encode, decode, texts):
    whole = [repaired(text) for text in texts]
    assert encode(model, texts, PARSE) == encode(model, whole, PARSE)


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("token", ["<|im_end|>", "<tool>call"])
def test_special_tokens_are_not_searched(name, token, encode, decode, tmp_path):
    file = tmp_path / "v.gguf"
    tokenizer = vocabularies.bpe("gpt-2")
    vocabularies.write_bpe(file, "gpt-2", tokenizer)
    data = file.read_bytes()
    assert data.count(token.encode()) == 1
    file.write_bytes(data.replace(token.encode(), BROKEN[name]))
    texts = [t.encode() for t in ("éabcdefghi", "abcdefgh 漢", "漢bcdefg🦙", "<tool>call")]
    texts += [text + BROKEN[name] + text for text in texts]
    ids = encode(file, texts, PARSE)
    assert tokenizer.token_to_id(token) not in {i for found in ids for i in found}
    assert decode(file, ids, 1) == [repaired(t) for t in texts]
