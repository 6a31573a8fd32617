# SPDX-License-Identifier: Apache-2.0
"""Forms of the architecture that transformers' llama lacks, against float64 numpy."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.cases import by_name, prompt
from tests.engine import numpy_llama
from tests.engine.conftest import f32, u32
from weights.gguf import Gguf, Kind, Value

GOLDENS = Path(__file__).resolve().parents[1] / "model" / "goldens"
NMSE = 1e-9


def nmse(got, wanted):
    return float(((got - wanted) ** 2).sum() / (wanted**2).sum())


@pytest.mark.parametrize("name", ["mistral", "llama3-tied", "headdim", "bias"])
def test_numpy_is_what_transformers_is(tiny, name):
    wanted = np.load(GOLDENS / f"{name}.npz")["f32"]
    with Gguf(tiny(name)) as model:
        assert nmse(numpy_llama.logits(model, prompt(by_name(name))), wanted) <= NMSE


def window(metadata, _tensors):
    metadata["llama.attention.sliding_window"] = u32(7)


def window_of_one(metadata, _tensors):
    metadata["llama.attention.sliding_window"] = u32(1)


def window_and_more(metadata, _tensors):
    metadata["llama.attention.sliding_window"] = u32(4096)


def partly_rotated(metadata, _tensors):
    metadata["llama.rope.dimension_count"] = u32(6)


def scale(metadata, _tensors):
    metadata["llama.attention.scale"] = f32(0.125)


def biases(_metadata, tensors):
    random = np.random.default_rng(5)
    for i in (0, 1):
        for name in ("attn_output", "ffn_gate", "ffn_up", "ffn_down"):
            rows = len(tensors[f"blk.{i}.{name}.weight"][0])
            tensors[f"blk.{i}.{name}.bias"] = random.uniform(-0.5, 0.5, rows), "F32"


def defaults(metadata, _tensors):
    for key in ("rope.dimension_count", "rope.freq_base", "vocab_size"):
        del metadata[f"llama.{key}"]


def mixed_types(_metadata, tensors):
    for name in ("blk.0.attn_q", "blk.1.ffn_up", "token_embd"):
        array = tensors[f"{name}.weight"][0].astype(np.float16).astype(np.float32)
        tensors[f"{name}.weight"] = array, "F16"


def factor_without_a_type(metadata, _tensors):
    metadata["llama.rope.scaling.factor"] = f32(4)


def factor_under_its_old_name(metadata, _tensors):
    metadata["llama.rope.scale_linear"] = f32(0.25)


def factor_under_both_names(metadata, _tensors):
    factor_without_a_type(metadata, _tensors)
    factor_under_its_old_name(metadata, _tensors)


def factor_of_no_scaling(metadata, _tensors):
    factor_without_a_type(metadata, _tensors)
    metadata["llama.rope.scaling.type"] = Value(Kind.STRING, "none")


def factor_zero(metadata, _tensors):
    metadata["llama.rope.scaling.type"] = Value(Kind.STRING, "linear")
    metadata["llama.rope.scaling.factor"] = f32(0)


EDITS = (
    window, window_of_one, window_and_more, partly_rotated, scale, biases, defaults, mixed_types,
    factor_without_a_type, factor_under_its_old_name, factor_under_both_names,
    factor_of_no_scaling, factor_zero,
)  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_form(engine, tiny, edit):
    path = tiny("mistral", edit=edit)
    ids = prompt(by_name("mistral"))
    with Gguf(path) as model:
        wanted = numpy_llama.logits(model, ids)
    assert nmse(engine.logits(path, ids), wanted) <= NMSE


def test_a_long_prompt_in_a_window(engine, tiny):
    """Longer than a batch of the engine and than the context the model was trained on."""

    def edit(metadata, _tensors):
        metadata["llama.attention.sliding_window"] = u32(300)

    path = tiny("mistral", edit=edit)
    ids = prompt(by_name("mistral"), 700)
    with Gguf(path) as model:
        wanted = numpy_llama.logits(model, ids)
    assert nmse(engine.logits(path, ids, context=700), wanted) <= NMSE
