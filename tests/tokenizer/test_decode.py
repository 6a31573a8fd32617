# SPDX-License-Identifier: Apache-2.0
"""Decoding gives the text back; control tokens show only when asked for."""

from tests.tokenizer import vocabularies
from tests.tokenizer.conftest import PARSE
from tests.tokenizer.test_spm import trained, write_model
from tests.tokenizer.texts import texts


def test_byte_level_round_trip(encode, decode, tmp_path):
    file = vocabularies.write_bpe(tmp_path / "v.gguf", "gpt-2", vocabularies.bpe("gpt-2"))
    asked = [t.encode() for t in texts(6, 3000)]
    assert decode(file, encode(file, asked, PARSE), 1) == asked


def test_spm_round_trip_with_a_leading_space(encode, decode, tmp_path):
    file = write_model(tmp_path / "v.gguf", trained(True, True))
    # U+2581 stands for a space in such vocabularies, so it does not come back.
    asked = [t.encode() for t in texts(7, 3000) if t and "\u2581" not in t]
    assert decode(file, encode(file, asked), 0) == [b" " + t for t in asked]


def test_control_tokens_show_only_when_asked(decode, tmp_path):
    tokenizer = vocabularies.bpe("gpt-2")
    file = vocabularies.write_bpe(tmp_path / "v.gguf", "gpt-2", tokenizer)
    ids = [tokenizer.token_to_id(t) for t in ("<|im_start|>", "<tool>", "</s>")]
    assert decode(file, [ids], 0) == [b"<tool>"]
    assert decode(file, [ids], 1) == [b"<|im_start|><tool></s>"]


def test_ids_outside_the_vocabulary_are_nothing(decode, tmp_path):
    file = vocabularies.write_bpe(tmp_path / "v.gguf", "gpt-2", vocabularies.bpe("gpt-2"))
    assert decode(file, [[-1, 10**6, 2**31 - 1]], 1) == [b""]
