# SPDX-License-Identifier: Apache-2.0
"""Reads the tensors of a Hugging Face directory, mapped, one file or many.

A .safetensors file is |n: u64|n bytes of JSON|data|. The JSON maps each name to dtype, shape and
[begin, end) within the data; "__metadata__" is not a tensor. A sharded model has
model.safetensors.index.json, whose "weight_map" names the file of each tensor.

This is our own reader because the safetensors package cannot give bfloat16 to numpy.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weights.errors import ConvertError
from weights.jsonfile import load_json, parse_json

MAX_HEADER = 100_000_000  # the format's own limit

# dtype -> (as stored, name of the GGUF type that holds it without loss)
DTYPES = {"F32": ("<f4", "F32"), "F16": ("<f2", "F16"), "BF16": ("<u2", "BF16")}


@dataclass(frozen=True)
class Source:
    """A tensor as it lies in the file; `rows` turns any part of it into float32."""

    name: str
    dtype: str
    data: np.ndarray  # in the stored dtype, BF16 as uint16

    @property
    def shape(self) -> tuple[int, ...]:
        """In numpy's order."""
        return self.data.shape

    def rows(self, which: slice | np.ndarray) -> np.ndarray:
        """Those rows (values, for a vector) as float32."""
        part = self.data[which]
        if self.dtype == "BF16":
            return (part.astype("<u4") << 16).view("<f4")
        return part.astype(np.float32)


def open_directory(folder: Path) -> dict[str, Source]:
    """All tensors by name."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        weight_map = load_json(index).get("weight_map")
        if not isinstance(weight_map, dict) or not weight_map:
            raise ConvertError(f"{index}: no weight_map")
        names = sorted({str(name) for name in weight_map.values()})
        # A shard is a file of this directory; an index must not lead anywhere else.
        if any(Path(name).name != name for name in names):
            raise ConvertError(f"{index}: a shard's name is not a plain file name")
    else:
        weight_map, names = None, ["model.safetensors"]
    out: dict[str, Source] = {}
    for name in names:
        if not (folder / name).is_file():
            raise ConvertError(f"{folder}: no {name}")
        for source in open_file(folder / name):
            if source.name in out:
                raise ConvertError(f"{folder / name}: tensor {source.name} is in two files")
            out[source.name] = source
    for name in weight_map or ():
        if name not in out:
            raise ConvertError(f"{index}: tensor {name} is in no file")
    return out


def open_file(path: Path) -> list[Source]:
    """The tensors of one file."""
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        if size < 8:
            raise ConvertError(f"{path}: too short for a safetensors file")
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    length = int.from_bytes(data[:8], "little")
    if length > min(MAX_HEADER, size - 8):
        raise ConvertError(f"{path}: the header's length is {length}, the file's {size}")
    header = parse_json(bytes(data[8 : 8 + length]), path)
    body = data[8 + length :]
    return [
        _tensor(path, name, entry, body) for name, entry in header.items() if name != "__metadata__"
    ]


def _tensor(path: Path, name: str, entry: object, body: memoryview) -> Source:
    try:
        dtype, shape = entry["dtype"], tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        whole = all(type(n) is int and n >= 0 for n in (*shape, begin, end))
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise ConvertError(f"{path}: tensor {name} has a malformed entry")
    if dtype not in DTYPES:
        raise ConvertError(f"{path}: tensor {name} is {dtype}; only F32, F16 and BF16 convert")
    stored = np.dtype(DTYPES[dtype][0])
    count = 1
    for n in shape:
        count *= n
    if not begin <= end <= len(body) or end - begin != count * stored.itemsize:
        raise ConvertError(f"{path}: tensor {name} does not fit its place in the file")
    # frombuffer and not a typed view: offsets need not be aligned.
    flat = np.frombuffer(body[begin:end], stored) if count else np.empty(0, stored)
    return Source(name, dtype, flat.reshape(shape))
