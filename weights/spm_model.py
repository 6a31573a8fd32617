# SPDX-License-Identifier: Apache-2.0
"""Reads tokenizer.model, sentencepiece's file: a protobuf message of which we need four parts.

    ModelProto      1: repeated SentencePiece   2: TrainerSpec   3: NormalizerSpec
    SentencePiece   1: piece (text)   2: score (float)   3: type (default NORMAL = 1)
    TrainerSpec     3: model_type (UNIGRAM = 1, BPE = 2)
    NormalizerSpec  3: add_dummy_prefix (default true)

In protobuf each field is |key: varint|value|, key = number << 3 | wire type; wire type 0 is a
varint, 1 eight bytes, 2 a varint length with that many bytes, 5 four bytes. The numbering of piece
types is the one that GGUF took over.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weights.errors import ConvertError

BPE = 2


@dataclass(frozen=True)
class SpmModel:
    """The pieces, in the order of their ids."""

    pieces: list[str]
    scores: list[float]
    types: list[int]
    add_dummy_prefix: bool


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise IndexError


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field; IndexError when the bytes end inside one."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
        elif wire in (1, 2, 5):
            size, at = _varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
            if size > len(data) - at:
                raise IndexError
            value, at = data[at : at + size], at + size
        else:
            raise IndexError
        yield key >> 3, value


def _piece(data: bytes) -> tuple[str, float, int]:
    text, score, kind = b"", 0.0, 1
    for number, value in _fields(data):
        if number == 1:
            text = value
        elif number == 2:
            (score,) = struct.unpack("<f", value)
        elif number == 3:
            kind = value
    return text.decode("utf-8"), score, kind


def load(path: Path) -> SpmModel:
    """The model in the file; ConvertError if it is damaged or no BPE model."""
    pieces, prefix, model_type = [], True, 1
    try:
        for number, value in _fields(path.read_bytes()):
            if number == 1:
                pieces.append(_piece(value))
            elif number == 2:
                model_type = dict(_fields(value)).get(3, 1)
            elif number == 3:
                prefix = bool(dict(_fields(value)).get(3, 1))
    except (IndexError, TypeError, AttributeError, ValueError, struct.error):
        raise ConvertError(f"{path}: not a sentencepiece model, or a damaged one") from None
    if not pieces:
        raise ConvertError(f"{path}: a sentencepiece model without pieces")
    if model_type != BPE:
        raise ConvertError(f"{path}: sentencepiece model type {model_type}; only BPE converts")
    texts, scores, types = zip(*pieces, strict=True)
    return SpmModel(list(texts), list(scores), list(types), prefix)
