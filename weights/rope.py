# SPDX-License-Identifier: Apache-2.0
"""Rotary position embeddings: the order of rows, and the kinds of scaling.

Hugging Face rotates value i of a head together with value i + head/2; ggml's llama layout has such
pairs side by side. So rows 0, h/2, 1, h/2+1, ... of each head of Q and K become rows 0, 1, 2, 3...

Scaling: "linear" divides all angles by a factor (metadata); "llama3" divides the long waves only,
by factors that a tensor of the file holds, one per pair (rope_freqs.weight):

    turns  = original context / wavelength          (full turns within the context trained first)
    smooth = clamp((turns - low) / (high - low), 0, 1)
    1 / factor[i] = smooth + (1 - smooth) / factor  (turns > high: 1;  turns < low: 1 / factor)
"""

from pathlib import Path

import numpy as np

from weights.errors import ConvertError
from weights.gguf import Kind
from weights.gguf_writer import GgufWriter

DEFAULT_BASE = 10000.0  # when a config has none, as in transformers


def order(rows: int, heads: int, what: str) -> np.ndarray:
    """The source's row numbers in ggml's order; `what` is for the message."""
    if rows % (2 * heads):
        raise ConvertError(f"{what} has {rows} rows, which are not {heads} even heads")
    halves = np.arange(rows).reshape(heads, 2, rows // heads // 2)
    return halves.transpose(0, 2, 1).reshape(-1)


def integer(config: dict, key: str, path: Path) -> int:
    """A positive integer of config.json."""
    value = config.get(key)
    if type(value) is not int or not 0 < value < 1 << 31:
        raise ConvertError(f"{path}: {key} is {value!r}")
    return value


def parameters(config: dict) -> dict:
    """The rope settings in one form: transformers 5 joined what older files keep apart."""
    found = {}
    for key in ("rope_scaling", "rope_parameters"):
        if isinstance(config.get(key), dict):
            found.update(config[key])
    found.setdefault("rope_theta", config.get("rope_theta") or DEFAULT_BASE)
    found.setdefault("rope_type", found.get("type") or "default")
    return found


def head_size(config: dict, path: Path) -> int:
    """Values per head."""
    if config.get("head_dim") is not None:
        return integer(config, "head_dim", path)
    return integer(config, "hidden_size", path) // integer(config, "num_attention_heads", path)


def add(writer: GgufWriter, prefix: str, config: dict, path: Path) -> np.ndarray | None:
    """Adds the metadata about positions; returns the factors of "llama3", else None."""
    settings = parameters(config)
    size = head_size(config, path)
    base = _number(settings, "rope_theta", path)
    writer.add(f"{prefix}.rope.dimension_count", size)
    writer.add(f"{prefix}.rope.freq_base", base, Kind.F32)
    if config.get("head_dim") is not None:
        writer.add(f"{prefix}.attention.key_length", size)
        writer.add(f"{prefix}.attention.value_length", size)
    if settings.get("partial_rotary_factor", 1) != 1:
        raise ConvertError(f"{path}: partial_rotary_factor is not supported for this architecture")
    kind = settings["rope_type"]
    if kind == "linear":
        writer.add(f"{prefix}.rope.scaling.type", "linear")
        factor = _number(settings, "factor", path)
        writer.add(f"{prefix}.rope.scaling.factor", factor, Kind.F32)
    elif kind == "llama3":
        return llama3_factors(settings, base, size, path)
    elif kind != "default":
        raise ConvertError(f"{path}: rope scaling {kind!r}; only linear and llama3 convert")
    return None


def llama3_factors(settings: dict, base: float, size: int, path: Path) -> np.ndarray:
    """float32 (size / 2,): what ggml divides the angle of each pair by."""
    factor, low, high, context = (
        _number(settings, key, path)
        for key in (
            "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
        )
    )  # fmt: skip
    if high <= low:
        raise ConvertError(f"{path}: high_freq_factor is not above low_freq_factor")
    wavelength = 2 * np.pi * base ** (np.arange(0, size, 2, dtype=np.float64) / size)
    smooth = np.clip((context / wavelength - low) / (high - low), 0, 1)
    return (1 / (smooth + (1 - smooth) / factor)).astype(np.float32)


def _number(settings: dict, key: str, path: Path) -> float:
    value = settings.get(key)
    if type(value) not in (int, float) or not 0 < value < float("inf"):
        raise ConvertError(f"{path}: rope setting {key} is {value!r}")
    return float(value)
