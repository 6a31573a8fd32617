# SPDX-License-Identifier: Apache-2.0
"""Writes a GGUF file, tensor by tensor, so that a model larger than memory passes through.

    writer = GgufWriter()
    writer.add("general.architecture", "llama")
    writer.add("llama.block_count", 2)                       # int: U32 unless a kind is given
    writer.add_tensor("token_embd.weight", (512, 64), F32, lambda: chunks)
    writer.write(path)

The same calls give the same bytes. Shapes are in numpy's order, slowest first.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from weights.errors import WeightsError
from weights.gguf import ALIGNMENT_KEY, DEFAULT_ALIGNMENT, MAGIC, NUMBERS, Kind, Scalar, Value
from weights.quants import TensorType
from zipalign.create import create

Chunks = Iterable[np.ndarray]  # uint8 arrays that join up to a tensor's bytes


@dataclass(frozen=True)
class _Pending:
    name: str
    shape: tuple[int, ...]
    type: TensorType
    chunks: Callable[[], Chunks]
    offset: int
    size: int


class GgufWriter:
    """Collects metadata and tensor shapes; `write` then pulls the tensors' bytes in order."""

    def __init__(self, version: int = 3, alignment: int = DEFAULT_ALIGNMENT) -> None:
        self.version = version
        self.alignment = alignment
        self.metadata: dict[str, Value] = {}
        self.tensors: dict[str, _Pending] = {}
        self._end = 0
        if alignment != DEFAULT_ALIGNMENT:
            self.add(ALIGNMENT_KEY, alignment)

    def add(self, key: str, data: object, kind: Kind | None = None) -> None:
        """Adds a value. `kind` is that of the value, or of the items if `data` is a sequence."""
        assert key not in self.metadata, key
        if isinstance(data, (list, tuple, np.ndarray)):
            kind = kind or _kind_of(data[0])
            items = list(data) if kind is Kind.STRING else np.asarray(data, NUMBERS[kind])
            self.metadata[key] = Value(Kind.ARRAY, items, kind)
        else:
            self.metadata[key] = Value(kind or _kind_of(data), data)

    def add_tensor(
        self, name: str, shape: tuple[int, ...], type_: TensorType, chunks: Callable[[], Chunks]
    ) -> None:
        """Adds a tensor; `chunks()` is called once, when its bytes are due."""
        assert name not in self.tensors and shape[-1] % type_.block == 0, (name, shape)
        size = int(np.prod(shape[:-1], dtype=np.int64)) * type_.row_bytes(shape[-1])
        self._end += -self._end % self.alignment
        self.tensors[name] = _Pending(name, shape, type_, chunks, self._end, size)
        self._end += size

    def write(self, path: Path | str, progress: Callable[[int], None] = lambda n: None) -> None:
        """Writes a file that appears when it is complete; `progress` hears of bytes written."""
        try:
            with create(path) as file:
                self._write_all(file, progress)
        except OSError as error:
            # A full disk, no such directory: the user knows the output's name, not ours.
            raise OSError(error.errno, error.strerror, str(path)) from None

    def data_size(self) -> int:
        """Bytes of the data section."""
        return self._end

    def _write_all(self, file: BinaryIO, progress: Callable[[int], None]) -> None:
        head = self._header()
        file.write(head + bytes(-len(head) % self.alignment))
        at = 0
        for tensor in self.tensors.values():
            file.write(bytes(tensor.offset - at))
            at = tensor.offset
            for chunk in tensor.chunks():
                file.write(np.ascontiguousarray(chunk).data)
                at += chunk.nbytes
                progress(chunk.nbytes)
            if at != tensor.offset + tensor.size:
                raise WeightsError(
                    f"tensor {tensor.name}: {at - tensor.offset} bytes, not {tensor.size}"
                )
        # ggml expects the last tensor to be padded as well.
        file.write(bytes(-at % self.alignment))

    def _header(self) -> bytes:
        out = bytearray(MAGIC)
        out += struct.pack("<IQQ", self.version, len(self.tensors), len(self.metadata))
        for key, value in self.metadata.items():
            out += _string(key) + struct.pack("<I", value.kind) + _value(value)
        for t in self.tensors.values():
            out += _string(t.name) + struct.pack("<I", len(t.shape))
            out += struct.pack(f"<{len(t.shape)}Q", *t.shape[::-1])
            out += struct.pack("<IQ", t.type.id, t.offset)
        return bytes(out)


def _kind_of(data: Scalar) -> Kind:
    """The kind that a Python value takes when none is named."""
    for type_, kind in ((bool, Kind.BOOL), (int, Kind.U32), (float, Kind.F32), (str, Kind.STRING)):
        if isinstance(data, type_):
            return kind
    raise TypeError(f"no GGUF kind for {data!r}")


def _string(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Value) -> bytes:
    if value.kind is Kind.ARRAY:
        head = struct.pack("<IQ", value.item, len(value.data))
        if value.item is Kind.STRING:
            return head + b"".join(_string(text) for text in value.data)
        return head + value.data.tobytes()
    if value.kind is Kind.STRING:
        return _string(value.data)
    return np.array(value.data, NUMBERS[value.kind]).tobytes()
