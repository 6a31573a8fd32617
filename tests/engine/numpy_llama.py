# SPDX-License-Identifier: Apache-2.0
"""The llama architecture in float64 numpy, written from its description and for reading.

Covers what transformers' llama does not: a window, partly rotated heads, a scale of its own, biases
in the feed-forward block. test_forms.py first holds it to transformers' goldens.
"""

from collections.abc import Callable

import numpy as np

from weights.gguf import Gguf

Array = np.ndarray


def logits(model: Gguf, ids: list[int]) -> Array:
    """(positions, vocabulary)"""
    tensors = {name: t.values().astype(np.float64) for name, t in model.tensors.items()}
    n_layer, eps = (_get(model, k) for k in ("block_count", "attention.layer_norm_rms_epsilon"))
    x = tensors["token_embd.weight"][ids]
    for i in range(n_layer):

        def linear(name: str, rows: Array, i: int = i) -> Array:
            bias = tensors.get(f"blk.{i}.{name}.bias", 0)
            return rows @ tensors[f"blk.{i}.{name}.weight"].T + bias

        x = x + _attention(model, linear, _norm(x, tensors[f"blk.{i}.attn_norm.weight"], eps))
        h = _norm(x, tensors[f"blk.{i}.ffn_norm.weight"], eps)
        gate = linear("ffn_gate", h)
        x = x + linear("ffn_down", gate / (1 + np.exp(-gate)) * linear("ffn_up", h))
    output = tensors.get("output.weight", tensors["token_embd.weight"])
    return _norm(x, tensors["output_norm.weight"], eps) @ output.T


def _get(model: Gguf, key: str, default: object = None) -> object:
    return model.get(f"llama.{key}", default)


def _norm(x: Array, weight: Array, eps: float) -> Array:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def _attention(model: Gguf, linear: Callable[[str, Array], Array], x: Array) -> Array:
    heads, kv = _get(model, "attention.head_count"), _get(model, "attention.head_count_kv")
    n = len(x)
    q = _rotate(model, linear("attn_q", x).reshape(n, heads, -1))
    k = _rotate(model, linear("attn_k", x).reshape(n, kv, -1)).repeat(heads // kv, axis=1)
    v = linear("attn_v", x).reshape(n, kv, -1).repeat(heads // kv, axis=1)
    scale = _get(model, "attention.scale", q.shape[-1] ** -0.5)
    scores = np.einsum("qhd,khd->hqk", q, k) * scale
    distance = np.arange(n)[:, None] - np.arange(n)
    window = _get(model, "attention.sliding_window", 0) or n
    scores[:, (distance < 0) | (distance >= window)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return linear("attn_output", np.einsum("hqk,khd->qhd", weights, v).reshape(n, -1))


def _rotate(model: Gguf, x: Array) -> Array:
    """x: (positions, heads, head); neighbours turn together, the rest of a head stays."""
    size = _get(model, "rope.dimension_count", x.shape[-1])
    turns = float(_get(model, "rope.freq_base", 1e4)) ** (-np.arange(0, size, 2) / size)
    if "rope_freqs.weight" in model.tensors:
        turns /= model.tensors["rope_freqs.weight"].values()
    if _get(model, "rope.scaling.type") != "none":
        turns /= _get(model, "rope.scaling.factor", _get(model, "rope.scale_linear", 1)) or 1
    angle = np.arange(len(x))[:, None, None] * turns
    pairs = x[..., :size:2] + 1j * x[..., 1:size:2]
    turned = pairs * np.exp(1j * angle)
    out = x.copy()
    out[..., :size:2], out[..., 1:size:2] = turned.real, turned.imag
    return out
