# SPDX-License-Identifier: Apache-2.0
"""Keys of the architecture that the engine does not read: harmless, or an error by name."""

import pytest

from tests.engine.conftest import f32, u32
from weights.gguf import Kind, Value

TRUE, FALSE = Value(Kind.BOOL, True), Value(Kind.BOOL, False)
ONE_IS_NONE = (
    "logit_scale", "embedding_scale", "residual_scale", "attention.output_scale",
    "rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor",
)  # fmt: skip
ZERO_IS_NONE = (
    "final_logit_softcapping", "attn_logit_softcapping", "attention.clamp_kqv",
    "attention.max_alibi_bias", "attention.temperature_scale",
)  # fmt: skip
# name -> a value without effect, one with, and the two as messages show them
KEYS = {
    **{name: (f32(1), f32(0.5), "1", "0.5") for name in ONE_IS_NONE},
    **{name: (f32(0), f32(30), "0", "30") for name in ZERO_IS_NONE},
    "attention.causal": (TRUE, FALSE, "true", "false"),
    "use_parallel_residual": (FALSE, TRUE, "false", "true"),
    "pooling_type": (u32(0), u32(1), "0", "1"),
    "expert_used_count": (u32(0), u32(2), "0", "2"),
    "nextn_predict_layers": (u32(0), u32(1), "0", "1"),
    "tensor_data_layout": (
        Value(Kind.STRING, "Meta AI original pth"), Value(Kind.STRING, "new\nway"),
        "Meta AI original pth", "new?way",
    ),
}  # fmt: skip


def setting(name, value):
    def edit(metadata, _tensors):
        metadata[f"llama.{name}"] = value

    return edit


def test_values_without_effect(engine, tiny):
    def edit(metadata, tensors):
        for name, (neutral, *_others) in KEYS.items():
            setting(name, neutral)(metadata, tensors)
        for name in ("vocab_size", "rope.scaling.original_context_length", "expert_count"):
            setting(name, u32(0))(metadata, tensors)
        setting("attention.layer_norm_epsilon", f32(1e-5))(metadata, tensors)
        setting("rope.scaling.finetuned", TRUE)(metadata, tensors)
        metadata["mamba.ssm.state_size"] = u32(16)  # of another architecture

    assert engine.run("open", tiny(edit=edit), 8)[0] == 0


@pytest.mark.parametrize("name", KEYS)
def test_value_with_an_effect(engine, tiny, name):
    _neutral, value, only, shown = KEYS[name]
    assert engine.refusal(tiny(edit=setting(name, value))) == (
        f"x.gguf: metadata key llama.{name} is {shown}, and this build computes {only} only "
        "(run the model with a program that supports it)"
    )


def test_integers_and_doubles_are_numbers(engine, tiny):
    for kind in (Kind.U8, Kind.I64, Kind.F64):
        path = tiny(edit=setting("logit_scale", Value(kind, 1)))
        assert engine.run("open", path, 8)[0] == 0


@pytest.mark.parametrize("name", ["attention.sliding_window_pattern", "swin_norm", "x" * 200])
def test_unknown_key(engine, tiny, name):
    message = engine.refusal(tiny(edit=setting(name, TRUE)))
    assert message == (
        f"x.gguf: metadata key {f'llama.{name}'[:80]} is unknown to this build, which might "
        "compute another model than was meant (run it with a program that knows the key)"
    )


def test_an_array_is_no_number(engine, tiny):
    path = tiny(edit=setting("logit_scale", Value(Kind.ARRAY, [1.0, 1.0], Kind.F32)))
    assert "llama.logit_scale is an array, and this build computes 1 only" in engine.refusal(path)
