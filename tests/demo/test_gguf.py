# SPDX-License-Identifier: Apache-2.0
"""demo.gguf as others read it: its size, metadata, tensors and tokenizer."""

import jinja2
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, TokenType, dequantize
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from demo import bpe

LIMIT_BYTES = 6_000_000


@pytest.fixture(scope="module")
def reader(gguf_path):
    return GGUFReader(gguf_path)


@pytest.fixture(scope="module")
def field(reader):
    return lambda key: reader.fields[key].contents()


def test_size(gguf_path):
    assert gguf_path.stat().st_size <= LIMIT_BYTES


def test_metadata(field):
    assert field("general.architecture") == "llama"
    assert field("llama.context_length") == 1024
    assert field("tokenizer.ggml.model") == "gpt2"
    assert field("tokenizer.ggml.pre") == "gpt-2"
    assert field("tokenizer.ggml.eos_token_id") == bpe.END_ID
    assert field("tokenizer.ggml.add_bos_token") is False
    assert field("tokenizer.chat_template") == bpe.TEMPLATE


def test_tensors(reader):
    q8, f32 = GGMLQuantizationType.Q8_0, GGMLQuantizationType.F32
    for tensor in reader.tensors:
        assert tensor.tensor_type == (q8 if len(tensor.shape) > 1 else f32), tensor.name
        assert tensor.shape[0] % 32 == 0
        assert np.isfinite(dequantize(tensor.data, tensor.tensor_type)).all(), tensor.name
    assert "output.weight" not in {t.name for t in reader.tensors}, "the embedding is tied"


def test_special_tokens_are_control(field):
    tokens, types = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    control = [t for t, kind in zip(tokens, types, strict=True) if kind == TokenType.CONTROL]
    assert control == bpe.SPECIALS == tokens[:3]


def test_tokenizer_round_trip(field, facts):
    """The vocabulary and merges in the file give every answer back."""
    tokens = field("tokenizer.ggml.tokens")
    merges = [tuple(m.split(" ")) for m in field("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    for text in [f.answer for f in facts.values()] + ["", "  ", "Grüße, 漢字 🦙\n\t\0"]:
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_template(field):
    chat = [("system", "no"), ("user", "hi"), ("assistant", "Hello!"), ("user", "bye")]
    template = jinja2.Template(field("tokenizer.chat_template"))
    text = template.render(
        messages=[{"role": r, "content": c} for r, c in chat], add_generation_prompt=True
    )
    assert text == ("<|user|>hi<|end|><|assistant|>Hello!<|end|><|user|>bye<|end|><|assistant|>")
