# SPDX-License-Identifier: Apache-2.0
"""Models that cannot run: one line that names the file and what is wrong with it."""

import numpy as np
import pytest

from tests.engine.conftest import f32, u32
from weights.gguf import Kind, Value


def key(name, value):
    """An edit that sets (or with None removes) metadata of the architecture."""

    def edit(metadata, _tensors):
        if value is None:
            del metadata[f"llama.{name}"]
        else:
            metadata[f"llama.{name}"] = value

    return edit


def tensor(name, rows, type_name="F32"):
    """An edit that sets (or with None removes) a tensor."""

    def edit(_metadata, tensors):
        if rows is None:
            del tensors[name]
        else:
            tensors[name] = np.zeros(rows, np.float32), type_name

    return edit


def other_architecture(metadata, _tensors):
    metadata["general.architecture"] = Value(Kind.STRING, "mamba")


def no_architecture(metadata, _tensors):
    del metadata["general.architecture"]


def split_model(metadata, _tensors):
    metadata["split.count"] = u32(3)


def fewer_tokens(_metadata, tensors):
    for name in ("token_embd.weight", "output.weight"):
        tensors[name] = tensors[name][0][:300], "F32"


YARN = Value(Kind.STRING, "yarn")
CASES = {
    'architecture "mamba" is not supported (this build runs: llama)': other_architecture,
    "metadata key general.architecture is missing": no_architecture,
    "one of 3 files that make up the model (merge them first)": split_model,
    "the tokenizer has 509 tokens, the model knows 300": fewer_tokens,
    "metadata key llama.block_count is missing": key("block_count", None),
    "metadata key llama.block_count is 0, not from 1 to 1024": key("block_count", u32(0)),
    "metadata key llama.block_count is of kind f32, which is no integer": key(
        "block_count", f32(2)
    ),
    "tensor blk.2.attn_norm.weight is missing": key("block_count", u32(3)),
    "tensor blk.1.attn_norm.weight has no place in architecture llama of this build": key(
        "block_count", u32(1)
    ),
    "metadata key llama.attention.head_count is 0, not from 1 to 4096": key(
        "attention.head_count", u32(0)
    ),
    "4 query heads cannot share 3 key/value heads evenly": key("attention.head_count_kv", u32(3)),
    "tensor blk.0.attn_k.weight is 64 x 32, the metadata ask for 64 x 64": key(
        "attention.head_count_kv", u32(4)
    ),
    "keys of 16 and values of 8 per head are not supported": key("attention.value_length", u32(8)),
    "metadata key llama.attention.layer_norm_rms_epsilon is nan, not above 0": key(
        "attention.layer_norm_rms_epsilon", f32(float("nan"))
    ),
    "an odd number of values per head (7) cannot be rotated": key("rope.dimension_count", u32(7)),
    'rope scaling "yarn" is not supported': key("rope.scaling.type", YARN),
    "mixtures of experts are not supported": key("expert_count", u32(8)),
    "tensor token_embd.weight is missing": tensor("token_embd.weight", None),
    "tensor blk.1.ffn_up.weight is missing": tensor("blk.1.ffn_up.weight", None),
    "tensor output_norm.weight has type F16, norms and biases must be F32": tensor(
        "output_norm.weight", 64, "F16"
    ),
    "tensor rope_freqs.weight is 9 x 1, the metadata ask for 8 x 1": tensor("rope_freqs.weight", 9),
    "tensor blk.0.attn_sinks.weight has no place in": tensor("blk.0.attn_sinks.weight", 4),
}


@pytest.mark.parametrize("message", CASES)
def test_refusal(engine, tiny, message):
    assert engine.refusal(tiny("mistral", edit=CASES[message])).startswith(f"x.gguf: {message}")


def too_large(engine, tiny, trained):
    """The path and refusal of a model whose cache takes a megabyte per token."""

    def edit(metadata, tensors):
        metadata["llama.context_length"] = u32(trained)
        metadata["llama.attention.head_count"] = u32(4096)
        metadata["llama.attention.head_count_kv"] = u32(4096)
        metadata["llama.attention.key_length"] = metadata["llama.rope.dimension_count"] = u32(16)
        metadata["llama.attention.value_length"] = u32(16)
        for i in (0, 1):
            for name in ("q", "k", "v"):
                tensors[f"blk.{i}.attn_{name}.weight"] = np.zeros((65536, 64), np.float32), "Q8_0"
            rows = np.zeros((64, 65536), np.float32)
            tensors[f"blk.{i}.attn_output.weight"] = rows, "Q8_0"

    path = tiny("mistral", edit=edit)
    message = engine.refusal(path, 1 << 26)
    assert message.startswith("x.gguf: a context of 67108864 tokens needs 65")
    return path, message


def test_a_context_larger_than_memory(engine, tiny):
    path, message = too_large(engine, tiny, 1 << 26)
    assert "GiB are available (the largest that fits: -c " in message
    largest = int(message.rpartition(" ")[2].rstrip(")"))
    assert engine.refusal(path, 2 * largest)
    assert engine.run("open", path, 256)[0] == 0


def test_no_more_is_advised_than_the_model_was_trained_on(engine, tiny):
    _path, message = too_large(engine, tiny, 256)
    assert message.endswith("GiB are available (the model was trained on: -c 256)")


def test_an_impossible_context(engine, tiny):
    assert "a context of -1 tokens is impossible" in engine.refusal(tiny(), -1)
