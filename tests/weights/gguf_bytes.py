# SPDX-License-Identifier: Apache-2.0
"""Writes GGUF bytes by hand, right or deliberately wrong: every field can be set.

Independent of weights/gguf_writer.py, so that tests of the reader do not lean on our writer.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

U32, STRING, ARRAY, BOOL, F32 = 4, 8, 9, 7, 6


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def u32(key: str, value: int) -> bytes:
    return pair(key, U32, struct.pack("<I", value))


def array(key: str, item: int, count: int, values: bytes) -> bytes:
    return pair(key, ARRAY, struct.pack("<IQ", item, count) + values)


@dataclass
class Info:
    """One tensor's entry in the directory."""

    name: str = "t"
    dims: tuple[int, ...] = (4, 2)
    type: int = 0
    offset: int = 0
    n_dims: int | None = None

    def pack(self) -> bytes:
        n_dims = len(self.dims) if self.n_dims is None else self.n_dims
        out = text(self.name) + struct.pack("<I", n_dims)
        out += struct.pack(f"<{len(self.dims)}Q", *self.dims)
        return out + struct.pack("<IQ", self.type, self.offset)


@dataclass
class File:
    """A whole file. Counts left at None are the true ones."""

    pairs: list[bytes] = field(default_factory=lambda: [u32("a", 1)])
    infos: list[Info] = field(default_factory=lambda: [Info()])
    data: bytes = np.arange(8, dtype="<f4").tobytes()
    magic: bytes = b"GGUF"
    version: int = 3
    n_tensors: int | None = None
    n_pairs: int | None = None
    alignment: int = 32

    def pack(self) -> bytes:
        n_tensors = len(self.infos) if self.n_tensors is None else self.n_tensors
        n_pairs = len(self.pairs) if self.n_pairs is None else self.n_pairs
        out = self.magic + struct.pack("<IQQ", self.version, n_tensors, n_pairs)
        out += b"".join(self.pairs) + b"".join(info.pack() for info in self.infos)
        return out + bytes(-len(out) % self.alignment) + self.data
