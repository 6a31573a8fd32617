# SPDX-License-Identifier: Apache-2.0
"""Files that break one rule each: the message names the file, the rule and the byte."""

import struct
import subprocess

import pytest

U8, U32, F32, BOOL, STRING, ARRAY = 0, 4, 6, 7, 8, 9
TYPE_F32, TYPE_Q4_K, TYPE_Q8_0 = 0, 12, 8


def text(s: str | bytes) -> bytes:
    raw = s.encode() if isinstance(s, str) else s
    return struct.pack("<Q", len(raw)) + raw


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, dims=(4,), type_=TYPE_F32, offset=0) -> bytes:
    head = text(name) + struct.pack(f"<I{len(dims)}Q", len(dims), *dims)
    return head + struct.pack("<IQ", type_, offset)


def gguf(pairs=(), tensors=(), data=b"\0" * 64, magic=b"GGUF", version=3, counts=None) -> bytes:
    n_tensors, n_pairs = counts or (len(tensors), len(pairs))
    head = magic + struct.pack("<IQQ", version, n_tensors, n_pairs)
    head += b"".join(pairs) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + data


ONE = struct.pack("<I", 1)
CASES = {
    "empty": (b"", "not a GGUF file (it is empty)"),
    "magic": (gguf(magic=b"GGML"), 'not a GGUF file (it does not begin with "GGUF")'),
    "version 1": (gguf(version=1), "GGUF version 1, only 2 and 3 are supported, at byte 4"),
    "big endian": (gguf(version=3 << 24), "big-endian GGUF, which is not supported, at byte 4"),
    "many tensors": (gguf(counts=(1 << 40, 0)), "1099511627776 tensors, more than the limit"),
    "many pairs": (gguf(counts=(0, 1 << 40)), "1099511627776 metadata pairs, more than the limit"),
    "count past end": (gguf(counts=(0, 9))[:24], "truncated in the metadata at byte 24 of 24"),
    "long key": (
        gguf([struct.pack("<Q", 1 << 20)]),
        "a metadata key is 1048576 bytes long, more than the limit of 65535, at byte 24",
    ),
    "empty key": (gguf([pair("", U32, ONE)]), "a metadata key is empty at byte 32"),
    "unknown kind": (gguf([pair("k", 13, ONE)]), "metadata key k has unknown kind 13 at byte 33"),
    "bool of 2": (gguf([pair("k", BOOL, b"\2")]), "metadata key k is a bool of 2, not 0 or 1"),
    "same key": (
        gguf([pair("k", U32, ONE), pair("k", U32, ONE)]),
        "metadata key k appears a second time at byte 49",
    ),
    "nested array": (
        gguf([pair("k", ARRAY, struct.pack("<IQ", ARRAY, 1))]),
        "metadata key k is an array of arrays, which is not supported, at byte 37",
    ),
    "long array": (
        gguf([pair("k", ARRAY, struct.pack("<IQ", U32, 1 << 62))]),
        "metadata key k has 4611686018427387904 elements, more than the limit",
    ),
    "array past end": (
        gguf([pair("k", ARRAY, struct.pack("<IQ", U32, 1 << 20))]),
        "truncated in the metadata at byte 49 of",
    ),
    "control characters": (
        gguf([pair("a\x1b[1m", 99, b"")]),
        "metadata key a?[1m has unknown kind",
    ),
    "same tensor": (
        gguf((), [tensor("w"), tensor("w", offset=32)]),
        "tensor w appears a second time",
    ),
    "no dimension": (gguf((), [tensor("w", ())]), "tensor w has 0 dimensions, not 1 to 4"),
    "five dimensions": (gguf((), [tensor("w", (1,) * 5)]), "tensor w has 5 dimensions, not 1 to 4"),
    "dimension of 0": (
        gguf((), [tensor("w", (4, 0))]),
        "tensor w has an impossible dimension of 0",
    ),
    "overflow": (
        gguf((), [tensor("w", (1 << 32, 1 << 32))]),
        "tensor w has an impossible dimension of 4294967296",
    ),
    "lacking type": (
        gguf((), [tensor("blk.0.attn_q.weight", (256,), TYPE_Q4_K)]),
        "tensor blk.0.attn_q.weight has type Q4_K, which this build lacks "
        "(convert to F16, Q8_0 or Q4_0)",
    ),
    "unknown type": (
        gguf((), [tensor("w", (4,), 999)]),
        "tensor w has type number 999, which does not exist, at byte 45",
    ),
    "part of a block": (
        gguf((), [tensor("w", (33,), TYPE_Q8_0)]),
        "tensor w has rows of 33 weights, not whole blocks of 32 (Q8_0),",
    ),
    "alignment 12": (
        gguf([pair("general.alignment", U32, struct.pack("<I", 12))]),
        "general.alignment is 12, not a power of two from 8 to 1048576",
    ),
    "alignment of text": (
        gguf([pair("general.alignment", STRING, text("32"))]),
        "metadata key general.alignment is of kind string, which is no integer",
    ),
    "misaligned tensor": (
        gguf((), [tensor("w", offset=4)]),
        "tensor w is at offset 4 of the data, no multiple of 32",
    ),
    "tensor past end": (
        gguf((), [tensor("w", (17,))]),
        "truncated in the data of tensor w, 68 bytes from byte 64 on, of 128 (download it again)",
    ),
    "offset past end": (
        gguf((), [tensor("w", offset=(1 << 64) - 32)]),
        "truncated in the data of tensor w",
    ),
    "overlap": (
        gguf((), [tensor("v", (9,)), tensor("w", offset=32)]),
        "tensors v and w overlap at byte 128",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_broken(program, tmp_path, name):
    raw, message = CASES[name]
    path = tmp_path / "x.gguf"
    path.write_bytes(raw)
    out = subprocess.run([program("check_gguf"), "show", path], capture_output=True, text=True)
    assert out.returncode == 1
    assert out.stdout.startswith("error: x.gguf: ")
    assert message in out.stdout
    assert out.stdout.count("\n") == 1 and not out.stderr
