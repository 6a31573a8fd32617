# SPDX-License-Identifier: Apache-2.0
"""The reader on files made by hand: good ones, and one for each rule that can be broken."""

import struct
from pathlib import Path

import numpy as np
import pytest

from tests.weights.gguf_bytes import (
    ARRAY,
    BOOL,
    F32,
    STRING,
    U32,
    File,
    Info,
    array,
    pair,
    text,
    u32,
)
from weights import errors
from weights.gguf import Gguf


def read(tmp_path: Path, file: File | bytes) -> Gguf:
    path = tmp_path / "x.gguf"
    path.write_bytes(file if isinstance(file, bytes) else file.pack())
    return Gguf(path)


@pytest.mark.parametrize("version", [2, 3])
def test_reads_both_versions(tmp_path, version):
    gguf = read(tmp_path, File(version=version))
    assert gguf.version == version and gguf.get("a") == 1
    assert gguf.tensors["t"].shape == (2, 4)
    assert np.array_equal(gguf.tensors["t"].values(), np.arange(8).reshape(2, 4))


def test_reads_values_of_all_kinds(tmp_path):
    pairs = [
        pair("bool", BOOL, b"\x01"),
        pair("text", STRING, text("größer")),
        pair("torn", STRING, text(b"\xe2\x96")),  # half of a character, as vocabularies hold
        pair("i64", 11, struct.pack("<q", -5)),
        pair("f64", 12, struct.pack("<d", 0.1)),
        array("strings", STRING, 2, text("a") + text("")),
        array("floats", F32, 2, struct.pack("<2f", 1.5, -2)),
        array("flags", BOOL, 2, b"\x00\x01"),
        array("nothing", U32, 0, b""),
    ]
    gguf = read(tmp_path, File(pairs=pairs))
    values = {key: gguf.get(key) for key in gguf.metadata}
    assert values == {
        "bool": True, "text": "größer", "torn": "\udce2\udc96", "i64": -5, "f64": 0.1,
        "strings": ["a", ""], "floats": [1.5, -2.0], "flags": [False, True], "nothing": [],
    }  # fmt: skip


def test_reads_part_of_a_file(tmp_path):
    path = tmp_path / "x.zip"
    inner = File().pack()
    path.write_bytes(b"before" + inner + b"after")
    gguf = Gguf(path, 6, len(inner))
    assert gguf.tensors["t"].values()[1, 3] == 7
    with pytest.raises(errors.GgufTensorPastEnd):
        Gguf(path, 6, len(inner) - 1)
    with pytest.raises(errors.GgufTruncated):
        Gguf(path, 6, len(inner) + 6)


TWO = [Info("a", offset=0), Info("b", offset=32)]
BROKEN = {
    "magic": (File(magic=b"GGML"), errors.GgufBadMagic, "starts with b'GGML'"),
    "version 1": (File(version=1), errors.GgufBadVersion, "version 1 is not supported"),
    "big-endian": (File(version=3 << 24), errors.GgufBadVersion, "big-endian"),
    "many tensors": (File(n_tensors=1 << 40), errors.GgufLimit, "number of tensors is 1099511"),
    "many pairs": (File(n_pairs=1 << 40), errors.GgufLimit, "number of metadata pairs"),
    "a pair too many": (
        File(n_pairs=2, infos=[], data=b"", alignment=1), errors.GgufTruncated, "ends inside"),
    "kind": (File(pairs=[pair("a", 13, b"")]), errors.GgufBadValue, "a is of unknown kind 13"),
    "bool": (File(pairs=[pair("a", BOOL, b"\x02")]), errors.GgufBadValue, "boolean of value 2"),
    "bools": (File(pairs=[array("a", BOOL, 1, b"\x03")]), errors.GgufBadValue, "neither 0 nor 1"),
    "nested": (File(pairs=[array("a", ARRAY, 0, b"")]), errors.GgufBadValue, "array of arrays"),
    "long array": (File(pairs=[array("a", F32, 1 << 62, b"")]), errors.GgufLimit, "length of a"),
    "long string": (
        File(pairs=[pair("a", STRING, struct.pack("<Q", 1 << 63))]), errors.GgufLimit, "length"),
    "key twice": (File(pairs=[u32("a", 1)] * 2), errors.GgufDuplicate, "key 'a' appears twice"),
    "tensor twice": (
        File(infos=[Info("t"), Info("t", offset=32)], data=bytes(64)), errors.GgufDuplicate,
        "tensor 't' appears twice"),
    "no dims": (File(infos=[Info(dims=())]), errors.GgufBadShape, "has 0 dimensions"),
    "five dims": (File(infos=[Info(dims=(1,) * 5)]), errors.GgufBadShape, "has 5 dimensions"),
    "zero dim": (File(infos=[Info(dims=(0, 4))]), errors.GgufBadShape, "impossible"),
    "huge dims": (File(infos=[Info(dims=(1 << 60,) * 4)]), errors.GgufBadShape, "impossible"),
    "uneven rows": (File(infos=[Info(dims=(33, 1), type=8)]), errors.GgufBadShape, "blocks of Q8"),
    "type": (File(infos=[Info(type=99)]), errors.GgufBadType, "unknown type 99"),
    "removed type": (File(infos=[Info(type=4)]), errors.GgufBadType, "unknown type 4"),
    "offset": (File(infos=[Info(offset=8)], data=bytes(64)), errors.GgufBadAlignment, "multiple"),
    "past end": (File(data=bytes(31)), errors.GgufTensorPastEnd, "needs 32 bytes"),
    "far offset": (
        File(infos=[Info(offset=(1 << 64) - 32)]), errors.GgufTensorPastEnd, "the file has 32"),
    "overlap": (
        File(infos=[Info("a", (16,)), Info("b", offset=32)], data=bytes(64)), errors.GgufOverlap,
        "a and b share bytes"),
    "alignment 0": (
        File(pairs=[u32("general.alignment", 0)]), errors.GgufBadAlignment, "power of two"),
    "alignment 48": (
        File(pairs=[u32("general.alignment", 48)]), errors.GgufBadAlignment, "power of two"),
    "alignment kind": (
        File(pairs=[pair("general.alignment", STRING, text("32"))]), errors.GgufBadAlignment,
        "kind STRING"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_names_the_broken_rule(tmp_path, name):
    file, error, message = BROKEN[name]
    with pytest.raises(error, match=message) as caught:
        read(tmp_path, file)
    # One line that starts with the file's name.
    assert str(caught.value).startswith(f"{tmp_path / 'x.gguf'}: ")
    assert "\n" not in str(caught.value)


def test_every_truncation_is_refused(tmp_path):
    pairs = [u32("a", 1), pair("s", STRING, text("text")), array("l", F32, 2, bytes(8))]
    whole = File(pairs=pairs, infos=TWO, data=bytes(64)).pack()
    for size in range(len(whole)):
        wanted = errors.GgufTruncated, errors.GgufLimit, errors.GgufTensorPastEnd
        with pytest.raises(wanted):
            read(tmp_path, whole[:size])
    read(tmp_path, whole)
