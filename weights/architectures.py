# SPDX-License-Identifier: Apache-2.0
"""What converts: one row per family of models, read by convert.py.

A row says which metadata come from which keys of config.json and how tensors are renamed. `{i}`
stands for the layer. A rule marked `rope` has its rows reordered, head by head, from Hugging
Face's order (first halves, then second halves) to ggml's (pairs side by side); `heads` names the
metadata that holds its number of heads.
"""

from dataclasses import dataclass

from weights.gguf import Kind


@dataclass(frozen=True)
class Number:
    """Metadata `key` (after "ARCH.") from the first of `config`'s names that is present."""

    key: str
    config: tuple[str, ...]
    kind: Kind = Kind.U32


@dataclass(frozen=True)
class Rename:
    """One kind of tensor. `optional`: the model may lack it."""

    hf: str
    gguf: str
    heads: str = ""  # reorder for rope, with this many heads
    optional: bool = False


@dataclass(frozen=True)
class Architecture:
    """A family. `fixed` lists config values that must be as given when they are present."""

    hf: tuple[str, ...]  # config.json "architectures"
    gguf: str  # general.architecture
    numbers: tuple[Number, ...]
    tensors: tuple[Rename, ...]
    fixed: tuple[tuple[str, tuple[object, ...]], ...] = ()
    ignored: tuple[str, ...] = ()  # endings of tensor names that hold nothing to convert


LLAMA_NUMBERS = (
    Number("context_length", ("max_position_embeddings",)),
    Number("embedding_length", ("hidden_size",)),
    Number("block_count", ("num_hidden_layers",)),
    Number("feed_forward_length", ("intermediate_size",)),
    Number("attention.head_count", ("num_attention_heads",)),
    # Models older than grouped-query attention have no such key.
    Number("attention.head_count_kv", ("num_key_value_heads", "num_attention_heads")),
    Number("attention.layer_norm_rms_epsilon", ("rms_norm_eps",), Kind.F32),
)

_LAYER, _BLOCK = "model.layers.{i}.", "blk.{i}."
_Q, _KV = "attention.head_count", "attention.head_count_kv"
LLAMA_TENSORS = (
    Rename("model.embed_tokens.weight", "token_embd.weight"),
    Rename(_LAYER + "input_layernorm.weight", _BLOCK + "attn_norm.weight"),
    Rename(_LAYER + "self_attn.q_proj.weight", _BLOCK + "attn_q.weight", _Q),
    Rename(_LAYER + "self_attn.q_proj.bias", _BLOCK + "attn_q.bias", _Q, optional=True),
    Rename(_LAYER + "self_attn.k_proj.weight", _BLOCK + "attn_k.weight", _KV),
    Rename(_LAYER + "self_attn.k_proj.bias", _BLOCK + "attn_k.bias", _KV, optional=True),
    Rename(_LAYER + "self_attn.v_proj.weight", _BLOCK + "attn_v.weight"),
    Rename(_LAYER + "self_attn.v_proj.bias", _BLOCK + "attn_v.bias", optional=True),
    Rename(_LAYER + "self_attn.o_proj.weight", _BLOCK + "attn_output.weight"),
    Rename(_LAYER + "self_attn.o_proj.bias", _BLOCK + "attn_output.bias", optional=True),
    Rename(_LAYER + "post_attention_layernorm.weight", _BLOCK + "ffn_norm.weight"),
    Rename(_LAYER + "mlp.gate_proj.weight", _BLOCK + "ffn_gate.weight"),
    Rename(_LAYER + "mlp.up_proj.weight", _BLOCK + "ffn_up.weight"),
    Rename(_LAYER + "mlp.down_proj.weight", _BLOCK + "ffn_down.weight"),
    Rename("model.norm.weight", "output_norm.weight"),
    Rename("lm_head.weight", "output.weight", optional=True),  # absent when tied
)

ARCHITECTURES = (
    Architecture(
        hf=("LlamaForCausalLM", "MistralForCausalLM"),
        gguf="llama",
        numbers=LLAMA_NUMBERS,
        tensors=LLAMA_TENSORS,
        fixed=(("hidden_act", ("silu",)), ("mlp_bias", (False,))),
        ignored=("rotary_emb.inv_freq",),  # written by old versions of transformers
    ),
)


def find(names: list[str]) -> Architecture | None:
    """The row for config.json's "architectures"."""
    return next((a for a in ARCHITECTURES for name in names if name in a.hf), None)


def known() -> str:
    """The Hugging Face names that convert, for messages."""
    return ", ".join(name for a in ARCHITECTURES for name in a.hf)
