# SPDX-License-Identifier: Apache-2.0
"""SPM gives the ids that `sentencepiece` gives, and those of its tokenizer.json by `tokenizers`."""

import functools
import io

import sentencepiece
from tokenizers import Tokenizer

from tests.data import corpus, vocab
from tests.tokenizer.conftest import PARSE, SPECIAL
from tests.tokenizer.texts import broken, texts
from tests.tokenizer.vocabularies import BYTE, CONTROL, NORMAL, UNKNOWN, write

RANDOM_TEXTS = 4000
USER_TEXTS = ("<|im_start|>", "<|im_end|>")


@functools.cache
def trained(byte_fallback: bool, dummy_prefix: bool) -> sentencepiece.SentencePieceProcessor:
    """A BPE model of 700 pieces."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus.lines()),
        model_writer=out,
        model_type="bpe",
        vocab_size=700,
        byte_fallback=byte_fallback,
        add_dummy_prefix=dummy_prefix,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        character_coverage=0.99,
        num_threads=1,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())


def write_model(path, model, **more):
    """The model as a GGUF."""
    ids = range(model.vocab_size())
    types = [
        UNKNOWN if model.is_unknown(i) else CONTROL if model.is_control(i)
        else BYTE if model.is_byte(i) else NORMAL for i in ids
    ]  # fmt: skip
    scores = [model.get_score(i) for i in ids]
    return write(path, "llama", [model.id_to_piece(i) for i in ids], types, scores=scores, **more)


def compare(model, file, encode, flags=0, **options):
    """All texts through both."""
    asked = texts(3, RANDOM_TEXTS)
    want = model.encode(asked, **options)
    got = encode(file, [t.encode() for t in asked], flags)
    wrong = [(t, w, g) for t, w, g in zip(asked, want, got, strict=True) if w != g]
    assert not wrong, f"{len(wrong)} of {len(asked)} differ, first {wrong[0]}"


def test_byte_fallback(encode, tmp_path):
    model = trained(True, True)
    compare(model, write_model(tmp_path / "v.gguf", model), encode)


def test_bos_and_eos(encode, tmp_path):
    model = trained(True, True)
    file = write_model(tmp_path / "v.gguf", model, add_eos_token=True)
    compare(model, file, encode, SPECIAL, add_bos=True, add_eos=True)


def test_without_space_prefix(encode, tmp_path):
    model = trained(True, False)
    file = write_model(tmp_path / "v.gguf", model, add_space_prefix=False)
    compare(model, file, encode)


def test_unknown_characters_without_bytes(encode, tmp_path):
    model = trained(False, True)
    compare(model, write_model(tmp_path / "v.gguf", model), encode)


def test_special_tokens_as_in_tokenizer_json(encode, tmp_path):
    """Control and user-defined tokens inside the text, as Llama 2's tokenizer.json has them."""
    v = vocab.spm(700, USER_TEXTS)
    file = write(tmp_path / "v.gguf", "llama", v.tokens, v.types, scores=v.scores)
    tokenizer = Tokenizer.from_str(v.files["tokenizer.json"].decode())
    asked = texts(4, RANDOM_TEXTS)
    want = [e.ids for e in tokenizer.encode_batch(asked)]
    got = encode(file, [t.encode() for t in asked], SPECIAL | PARSE)
    wrong = [(t, w, g) for t, w, g in zip(asked, want, got, strict=True) if w != g]
    assert not wrong, f"{len(wrong)} of {len(asked)} differ, first {wrong[0]}"


def test_control_tokens_are_plain_text_unless_parsed(encode, tmp_path):
    model = trained(True, True)
    file = write_model(tmp_path / "v.gguf", model)
    (plain,), (parsed,) = encode(file, [b"a</s>b"], 0), encode(file, [b"a</s>b"], PARSE)
    assert plain == model.encode("a</s>b") and model.eos_id() not in plain
    assert parsed == [*model.encode("a"), model.eos_id(), *model.encode("b")]


def test_invalid_utf8_is_replaced(encode, tmp_path):
    model = trained(True, True)
    asked = broken(5, 2000)
    want = model.encode([t.decode("utf-8", "replace") for t in asked])
    assert encode(write_model(tmp_path / "v.gguf", model), asked) == want
