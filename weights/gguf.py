# SPDX-License-Identifier: Apache-2.0
"""GGUF, the weights file: a bounds-checked reader. The writer is gguf_writer.py.

All numbers are little-endian. Versions 2 and 3 have the same bytes (3 only added big-endian
files, which we refuse).

    offset  size  field
    0       4     magic "GGUF" (47 47 55 46)
    4       4     version: 2 or 3
    8       8     number of tensors
    16      8     number of metadata pairs
    24            pairs:    |key: string|kind: u32|value|
                  tensors:  |name: string|n_dims: u32|dims: u64 * n_dims|type: u32|offset: u64|
                  padding to general.alignment (default 32), then the data section
    string = |length: u64|bytes|       array = |kind: u32|count: u64|values|       bool = one byte

`dims` lists the fastest dimension first, the reverse of numpy. A tensor's offset counts from the
start of the data section and is a multiple of the alignment.

Text need not be valid UTF-8 (some vocabularies hold pieces of characters): it is decoded with
"surrogateescape", which the writer reverses. Not read: version 1, arrays of arrays, big-endian.
"""

import mmap
import struct
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType

import numpy as np

from weights import errors, quants

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32
ALIGNMENT_KEY = "general.alignment"

# Limits stop a corrupt count from sizing memory; each is far above any real model.
MAX_TENSORS = 1 << 20
MAX_PAIRS = 1 << 16
MAX_NAME = 1 << 16  # keys and tensor names; ggml itself allows 64 bytes for a tensor name
MAX_DIMS = 4  # as in ggml
MAX_VALUES = 1 << 48  # values in a tensor
MAX_ALIGNMENT = 1 << 20


class Kind(IntEnum):
    """The kind of a metadata value, as stored."""

    U8 = 0
    I8 = 1
    U16 = 2
    I16 = 3
    U32 = 4
    I32 = 5
    F32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    U64 = 10
    I64 = 11
    F64 = 12


NUMBERS = {
    Kind.U8: np.dtype("<u1"), Kind.I8: np.dtype("<i1"), Kind.U16: np.dtype("<u2"),
    Kind.I16: np.dtype("<i2"), Kind.U32: np.dtype("<u4"), Kind.I32: np.dtype("<i4"),
    Kind.F32: np.dtype("<f4"), Kind.U64: np.dtype("<u8"), Kind.I64: np.dtype("<i8"),
    Kind.F64: np.dtype("<f8"), Kind.BOOL: np.dtype("<u1"),
}  # fmt: skip

Scalar = int | float | bool | str


@dataclass(frozen=True)
class Value:
    """One metadata value. Arrays are a list of str, else a numpy array (bool arrays: uint8)."""

    kind: Kind
    data: Scalar | list[str] | np.ndarray
    item: Kind | None = None  # kind of an array's values

    def plain(self) -> object:
        """The value as Python's own types, ready for JSON."""
        if self.item is Kind.BOOL:
            return [bool(x) for x in self.data]
        return self.data.tolist() if isinstance(self.data, np.ndarray) else self.data


@dataclass(frozen=True)
class Tensor:
    """One tensor; `raw` is a view of the mapped file, shaped like numpy with rows of bytes."""

    name: str
    dims: tuple[int, ...]  # fastest first, as stored
    type: quants.TensorType
    offset: int  # from the start of the data section
    raw: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in numpy's order, slowest first."""
        return self.dims[::-1]

    def values(self) -> np.ndarray:
        """The tensor as float32."""
        return quants.decode(self.raw, self.type).reshape(self.shape)


class _Cursor:
    """Reads forward through the file; every step checks the end first."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def bytes(self, size: int, what: str) -> memoryview:
        if size > len(self.data) - self.at:
            raise errors.GgufTruncated(f"the file ends inside {what}", self.at)
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, kind: Kind, what: str) -> int | float:
        dtype = NUMBERS[kind]
        return np.frombuffer(self.bytes(dtype.itemsize, what), dtype)[0].item()

    def count(self, what: str, limit: int) -> int:
        """A u64 that will size something; it must not exceed `limit`."""
        start = self.at
        (value,) = struct.unpack("<Q", self.bytes(8, what))
        if value > limit:
            raise errors.GgufLimit(f"{what} is {value}, more than {limit}", start)
        return value

    def string(self, what: str, limit: int | None = None) -> str:
        length = self.count(f"the length of {what}", limit or len(self.data))
        return bytes(self.bytes(length, what)).decode("utf-8", "surrogateescape")

    def kind(self, what: str) -> Kind:
        start = self.at
        number = self.number(Kind.U32, what)
        if number > max(Kind):
            raise errors.GgufBadValue(f"{what} is of unknown kind {number}", start)
        return Kind(number)


class Gguf:
    """A mapped GGUF file. Use as a context manager, or let it live as long as its tensors.

    `start` and `size` select a part of the file, for a GGUF inside a zip. Raises GgufError for a
    file that breaks the format and OSError for one that cannot be read.
    """

    def __init__(self, path: Path | str, start: int = 0, size: int | None = None) -> None:
        self.path = Path(path)
        with open(self.path, "rb") as file:
            length = file.seek(0, 2)
            # mmap refuses empty files; an empty view gives the ordinary "truncated" error.
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if length else None
        whole = memoryview(self._map) if self._map else memoryview(b"")
        end = length if size is None else start + size
        if not 0 <= start <= end <= length:
            raise errors.GgufTruncated(f"{path}: the file ends before byte {end}")
        self.metadata: dict[str, Value] = {}
        self.tensors: dict[str, Tensor] = {}
        try:
            self._read(whole[start:end])
        except errors.GgufError as error:
            raise type(error)(f"{self.path}: {error}") from None

    def __enter__(self) -> "Gguf":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drops the tensors; the mapping goes when the last view of it does."""
        self.tensors.clear()

    def get(self, key: str, default: object = None) -> object:
        """The metadata value as Python's own types, or `default`."""
        return self.metadata[key].plain() if key in self.metadata else default

    def _read(self, data: memoryview) -> None:
        cursor = _Cursor(data)
        self.version = _read_version(cursor)
        n_tensors = cursor.count("the number of tensors", MAX_TENSORS)
        n_pairs = cursor.count("the number of metadata pairs", MAX_PAIRS)
        for _ in range(n_pairs):
            start = cursor.at
            key = cursor.string("a metadata key", MAX_NAME)
            if key in self.metadata:
                raise errors.GgufDuplicate(f"metadata key {key!r} appears twice", start)
            self.metadata[key] = _read_value(cursor, key)
        self.alignment = _alignment(self.metadata.get(ALIGNMENT_KEY))
        infos = [_read_info(cursor) for _ in range(n_tensors)]
        self.data_offset = cursor.at + -cursor.at % self.alignment
        self.size = len(data)
        section = np.frombuffer(data, np.uint8)[self.data_offset :]
        for name, dims, type_, offset in infos:
            if name in self.tensors:
                raise errors.GgufDuplicate(f"tensor {name!r} appears twice")
            raw = _tensor_bytes(section, self.alignment, name, dims, type_, offset)
            self.tensors[name] = Tensor(name, dims, type_, offset, raw)
        _check_overlap(self.tensors)


def _read_version(cursor: _Cursor) -> int:
    magic = bytes(cursor.bytes(min(4, len(cursor.data)), "the magic"))
    if magic != MAGIC:
        if MAGIC.startswith(magic):
            raise errors.GgufTruncated("the file ends inside the magic", 0)
        raise errors.GgufBadMagic(f"not a GGUF file: it starts with {magic!r}")
    version = cursor.number(Kind.U32, "the version")
    if version in VERSIONS:
        return version
    swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
    if swapped in VERSIONS:
        raise errors.GgufBadVersion("the file is big-endian; only little-endian is supported", 4)
    raise errors.GgufBadVersion(f"version {version} is not supported, only 2 and 3", 4)


def _read_value(cursor: _Cursor, key: str) -> Value:
    kind = cursor.kind(f"the value of {key}")
    if kind is not Kind.ARRAY:
        return Value(kind, _read_scalar(cursor, kind, key))
    item = cursor.kind(f"the array {key}")
    if item is Kind.ARRAY:
        raise errors.GgufBadValue(f"{key} is an array of arrays", cursor.at)
    # Every value takes at least its own size, so what is left of the file bounds the count.
    width = 8 if item is Kind.STRING else NUMBERS[item].itemsize
    count = cursor.count(f"the length of {key}", (len(cursor.data) - cursor.at) // width)
    if item is Kind.STRING:
        return Value(kind, [cursor.string(key) for _ in range(count)], item)
    array = np.frombuffer(cursor.bytes(count * width, key), NUMBERS[item])
    if item is Kind.BOOL and (array > 1).any():
        raise errors.GgufBadValue(f"{key} holds a boolean that is neither 0 nor 1", cursor.at)
    return Value(kind, array, item)


def _read_scalar(cursor: _Cursor, kind: Kind, key: str) -> Scalar:
    if kind is Kind.STRING:
        return cursor.string(key)
    number = cursor.number(kind, key)
    if kind is Kind.BOOL:
        if number > 1:
            raise errors.GgufBadValue(f"{key} is a boolean of value {number}", cursor.at - 1)
        return bool(number)
    return number


def _alignment(value: Value | None) -> int:
    if value is None:
        return DEFAULT_ALIGNMENT
    number = value.data
    if value.kind is not Kind.U32:
        raise errors.GgufBadAlignment(f"{ALIGNMENT_KEY} is of kind {value.kind.name}, not U32")
    if not 0 < number <= MAX_ALIGNMENT or number & (number - 1):
        raise errors.GgufBadAlignment(
            f"{ALIGNMENT_KEY} is {number}, not a power of two up to {MAX_ALIGNMENT}"
        )
    return number


def _read_info(cursor: _Cursor) -> tuple[str, tuple[int, ...], quants.TensorType, int]:
    start = cursor.at
    name = cursor.string("a tensor name", MAX_NAME)
    n_dims = cursor.number(Kind.U32, f"tensor {name}")
    if not 1 <= n_dims <= MAX_DIMS:
        raise errors.GgufBadShape(f"tensor {name} has {n_dims} dimensions, not 1 to 4", start)
    raw = cursor.bytes(8 * n_dims, f"tensor {name}")
    dims = tuple(np.frombuffer(raw, "<u8").tolist())
    number, offset = struct.unpack("<IQ", cursor.bytes(12, f"tensor {name}"))
    if number not in quants.BY_ID:
        raise errors.GgufBadType(f"tensor {name} has unknown type {number}", start)
    type_ = quants.BY_ID[number]
    n_values = 1
    for dim in dims:
        n_values *= dim
    if not 0 < n_values <= MAX_VALUES:
        raise errors.GgufBadShape(f"tensor {name} has impossible dimensions {dims}", start)
    if dims[0] % type_.block:
        raise errors.GgufBadShape(
            f"tensor {name} has rows of {dims[0]} values, not whole blocks of {type_.name}", start
        )
    return name, dims, type_, offset


def _tensor_bytes(
    section: np.ndarray,
    alignment: int,
    name: str,
    dims: tuple[int, ...],
    type_: quants.TensorType,
    offset: int,
) -> np.ndarray:
    """The view of the tensor's bytes, with rows as the last dimension."""
    if offset % alignment:
        raise errors.GgufBadAlignment(f"tensor {name} is at {offset}, no multiple of {alignment}")
    shape = (*dims[:0:-1], type_.row_bytes(dims[0]))
    size = int(np.prod(shape, dtype=object))
    if offset + size > len(section):
        raise errors.GgufTensorPastEnd(
            f"tensor {name} needs {offset + size} bytes of data, the file has {len(section)}"
        )
    return section[offset : offset + size].reshape(shape)


def _check_overlap(tensors: dict[str, Tensor]) -> None:
    end, last = 0, ""
    for tensor in sorted(tensors.values(), key=lambda t: t.offset):
        if tensor.offset < end:
            raise errors.GgufOverlap(f"tensors {last} and {tensor.name} share bytes")
        end, last = tensor.offset + tensor.raw.nbytes, tensor.name
