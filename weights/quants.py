# SPDX-License-Identifier: Apache-2.0
"""Tensor types: the size table, and encode/decode for the types that the runtime computes with.

All blocks run along a row (the fastest dimension). Layouts, low address first:

    F32   |f32|                                  F16  |f16|        BF16  |upper half of an f32|
    Q8_0  |d: f16|q0|q1|...|q31|                 w[i] = d * q[i],         q: int8
    Q4_0  |d: f16|q16:q0|q17:q1|...|q31:q15|     w[i] = d * (q[i] - 8),   q: 4 bits

Q4_0 keeps value i of the first half in the low nibble of byte i and value i+16 in its high nibble.
Encoding gives the same bits as ggml's reference: the order of the operations below is part of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from weights.errors import GgufBadType, QuantError

QK = 32  # values in a block of the legacy formats
QK_K = 256  # values in a super-block of the K formats
HALF = 2  # bytes of an f16

Array = np.ndarray


@dataclass(frozen=True)
class TensorType:
    """A row of the type table. `block` values take `size` bytes; codecs are None if show-only."""

    id: int
    name: str
    block: int
    size: int
    encode: Callable[[Array], Array] | None = None
    decode: Callable[[Array], Array] | None = None
    file_type: int | None = None  # general.file_type of a file that is mostly of this type

    def row_bytes(self, length: int) -> int:
        """Bytes of a row of `length` values, which must be whole blocks."""
        return length // self.block * self.size


def _encode_f32(rows: Array) -> Array:
    return rows.view(np.uint8)


def _decode_f32(raw: Array) -> Array:
    return raw.view("<f4")


def _encode_f16(rows: Array) -> Array:
    with np.errstate(over="ignore"):
        return rows.astype("<f2").view(np.uint8)


def _decode_f16(raw: Array) -> Array:
    return raw.view("<f2").astype(np.float32)


def _encode_bf16(rows: Array) -> Array:
    """Round to nearest even; a NaN keeps its upper half and becomes quiet."""
    bits = rows.view("<u4")
    is_nan = (bits & 0x7FFFFFFF) > 0x7F800000
    rounded = (bits.astype(np.uint64) + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(is_nan, (bits >> 16) | 0x40, rounded).astype("<u2").view(np.uint8)


def _decode_bf16(raw: Array) -> Array:
    return (raw.view("<u2").astype("<u4") << 16).view("<f4")


def _inverse(scale: Array) -> Array:
    """1 / scale; 0 for scales so small that it would be infinite, and that f16 turns into 0."""
    with np.errstate(divide="ignore", over="ignore"):
        inverse = np.float32(1) / scale
    return np.where(np.isfinite(inverse), inverse, np.float32(0))


def _half_bytes(scale: Array) -> Array:
    with np.errstate(over="ignore"):
        return scale.astype("<f2").view(np.uint8)


def _encode_q8_0(rows: Array) -> Array:
    blocks = rows.reshape(-1, QK)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    exact = blocks * _inverse(scale)
    # C's roundf: halves go away from zero (numpy's rint would send them to even).
    whole = np.trunc(exact)
    q = whole + np.sign(exact) * (np.abs(exact - whole) >= 0.5)
    raw = np.concatenate([_half_bytes(scale), q.astype(np.int8).view(np.uint8)], axis=1)
    return raw.reshape(*rows.shape[:-1], -1)


def _decode_q8_0(raw: Array) -> Array:
    blocks = raw.reshape(-1, HALF + QK)
    scale = np.ascontiguousarray(blocks[:, :HALF]).view("<f2").astype(np.float32)
    values = blocks[:, HALF:].view(np.int8).astype(np.float32) * scale
    return values.reshape(*raw.shape[:-1], -1)


def _encode_q4_0(rows: Array) -> Array:
    blocks = rows.reshape(-1, QK)
    # The value farthest from zero, with its sign, is sent to -8: the code has one more step there.
    far = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1, keepdims=True), axis=1)
    scale = far / np.float32(-8)
    exact = blocks * _inverse(scale) + np.float32(8.5)
    q = np.trunc(exact).astype(np.uint8).clip(0, 15)
    packed = q[:, : QK // 2] | (q[:, QK // 2 :] << 4)
    return np.concatenate([_half_bytes(scale), packed], axis=1).reshape(*rows.shape[:-1], -1)


def _decode_q4_0(raw: Array) -> Array:
    blocks = raw.reshape(-1, HALF + QK // 2)
    scale = np.ascontiguousarray(blocks[:, :HALF]).view("<f2").astype(np.float32)
    packed = blocks[:, HALF:]
    q = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - np.float32(8)
    return (q * scale).reshape(*raw.shape[:-1], -1)


TYPES: tuple[TensorType, ...] = (
    TensorType(0, "F32", 1, 4, _encode_f32, _decode_f32, file_type=0),
    TensorType(1, "F16", 1, 2, _encode_f16, _decode_f16, file_type=1),
    TensorType(2, "Q4_0", QK, HALF + QK // 2, _encode_q4_0, _decode_q4_0, file_type=2),
    TensorType(3, "Q4_1", QK, 2 * HALF + QK // 2),
    TensorType(6, "Q5_0", QK, HALF + QK // 8 + QK // 2),
    TensorType(7, "Q5_1", QK, 2 * HALF + QK // 8 + QK // 2),
    TensorType(8, "Q8_0", QK, HALF + QK, _encode_q8_0, _decode_q8_0, file_type=7),
    TensorType(9, "Q8_1", QK, 4 + 4 + QK),
    TensorType(10, "Q2_K", QK_K, QK_K // 16 + QK_K // 4 + 2 * HALF),
    TensorType(11, "Q3_K", QK_K, QK_K // 8 + QK_K // 4 + 12 + HALF),
    TensorType(12, "Q4_K", QK_K, 2 * HALF + 12 + QK_K // 2),
    TensorType(13, "Q5_K", QK_K, 2 * HALF + 12 + QK_K // 8 + QK_K // 2),
    TensorType(14, "Q6_K", QK_K, QK_K // 2 + QK_K // 4 + QK_K // 16 + HALF),
    TensorType(15, "Q8_K", QK_K, 4 + QK_K + QK_K // 16 * 2),
    TensorType(16, "IQ2_XXS", QK_K, HALF + QK_K // 8 * 2),
    TensorType(17, "IQ2_XS", QK_K, HALF + QK_K // 8 * 2 + QK_K // 32),
    TensorType(18, "IQ3_XXS", QK_K, HALF + QK_K // 4 + QK_K // 8),
    TensorType(19, "IQ1_S", QK_K, HALF + QK_K // 8 + QK_K // 32 * 2),
    TensorType(20, "IQ4_NL", QK, HALF + QK // 2),
    TensorType(21, "IQ3_S", QK_K, HALF + QK_K // 4 + QK_K // 32 + QK_K // 8 + QK_K // 64),
    TensorType(22, "IQ2_S", QK_K, HALF + QK_K // 4 + QK_K // 32 + QK_K // 32),
    TensorType(23, "IQ4_XS", QK_K, HALF + 2 + QK_K // 64 + QK_K // 2),
    TensorType(24, "I8", 1, 1),
    TensorType(25, "I16", 1, 2),
    TensorType(26, "I32", 1, 4),
    TensorType(27, "I64", 1, 8),
    TensorType(28, "F64", 1, 8),
    TensorType(29, "IQ1_M", QK_K, QK_K // 8 + QK_K // 16 + QK_K // 32),
    TensorType(30, "BF16", 1, 2, _encode_bf16, _decode_bf16, file_type=32),
    TensorType(34, "TQ1_0", QK_K, HALF + QK_K // 64 + (QK_K - 4 * QK_K // 64) // 5),
    TensorType(35, "TQ2_0", QK_K, HALF + QK_K // 4),
    TensorType(39, "MXFP4", QK, 1 + QK // 2),
)
BY_ID = {t.id: t for t in TYPES}
BY_NAME = {t.name: t for t in TYPES}


def encode(values: Array, type_: TensorType) -> Array:
    """float32 values (..., n) to bytes (..., row bytes). NaN and infinity are the caller's care."""
    if type_.encode is None:
        raise QuantError(f"encoding to {type_.name} is not supported")
    if values.shape[-1] % type_.block:
        raise QuantError(f"rows of {values.shape[-1]} values are not whole {type_.name} blocks")
    return type_.encode(np.ascontiguousarray(values, "<f4"))


def decode(raw: Array, type_: TensorType) -> Array:
    """Bytes (..., row bytes) to float32 values (..., n)."""
    if type_.decode is None:
        raise GgufBadType(f"decoding of {type_.name} is not supported")
    return type_.decode(np.ascontiguousarray(raw))
