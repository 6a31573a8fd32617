# SPDX-License-Identifier: Apache-2.0
"""Our writer read by the `gguf` package and by us; theirs read by us; damaged files."""

import contextlib
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weights import quants
from weights.errors import GgufError
from weights.gguf import NUMBERS, Gguf, Kind
from weights.gguf_writer import GgufWriter

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).map("k.".__add__)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def _numbers(kind: Kind) -> st.SearchStrategy:
    if kind is Kind.BOOL:
        return st.booleans()
    dtype = NUMBERS[kind]
    if dtype.kind == "f":
        return st.floats(width=8 * dtype.itemsize, allow_nan=False)
    info = np.iinfo(dtype)
    return st.integers(int(info.min), int(info.max))


@st.composite
def values(draw) -> tuple[Kind, object]:
    kind = draw(st.sampled_from([k for k in Kind if k is not Kind.ARRAY]))
    single = TEXTS if kind is Kind.STRING else _numbers(kind)
    return kind, draw(single | st.lists(single, min_size=1, max_size=5))


TENSORS = st.lists(
    st.tuples(
        st.sampled_from([t for t in quants.TYPES if t.encode]),
        st.lists(st.integers(1, 3), max_size=2).map(tuple),
        st.sampled_from([32, 96]),
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(
    metadata=st.dictionaries(KEYS, values(), max_size=6),
    tensors=TENSORS,
    version=st.sampled_from([2, 3]),
    alignment=st.sampled_from([32, 64, 1024]),
)
def test_what_is_written_is_read(tmp_path_factory, metadata, tensors, version, alignment):
    path = tmp_path_factory.mktemp("g") / "x.gguf"
    writer = GgufWriter(version, alignment)
    writer.add("general.architecture", "llama")
    for key, (kind, data) in metadata.items():
        writer.add(key, data, kind)
    rng = np.random.default_rng(len(tensors))
    arrays = {}
    for i, (type_, outer, columns) in enumerate(tensors):
        array = rng.standard_normal((*outer, columns)).astype(np.float32)
        raw = quants.encode(array, type_)
        arrays[f"t{i}"] = (type_, array.shape, raw)
        writer.add_tensor(f"t{i}", array.shape, type_, lambda raw=raw: [raw])
    writer.write(path)

    ours = Gguf(path)
    assert {k: v.plain() for k, v in ours.metadata.items() if k in metadata} == {
        key: data for key, (_, data) in metadata.items()
    }
    theirs = {t.name: t for t in gguf.GGUFReader(path).tensors}
    assert list(theirs) == list(ours.tensors) == list(arrays)
    for name, (type_, shape, raw) in arrays.items():
        assert ours.tensors[name].raw.tobytes() == theirs[name].data.tobytes() == raw.tobytes()
        assert ours.tensors[name].shape == shape == tuple(theirs[name].shape[::-1])
        assert ours.tensors[name].type is type_ and theirs[name].tensor_type.name == type_.name


def test_reads_what_the_gguf_package_writes(tmp_path):
    path = tmp_path / "x.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("größe")
    writer.add_token_list(["a", "b c"])
    writer.add_token_scores([0.0, -1.5])
    array = np.linspace(-1, 1, 192, dtype=np.float32).reshape(3, 64)
    for type_ in ("F32", "Q8_0", "Q4_0"):
        kind = gguf.GGMLQuantizationType[type_]
        writer.add_tensor(type_, gguf.quants.quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    ours = Gguf(path)
    assert ours.get("general.name") == "größe"
    assert ours.get("tokenizer.ggml.tokens") == ["a", "b c"]
    for name, tensor in ours.tensors.items():
        raw = quants.encode(array, quants.BY_NAME[name])
        assert np.array_equal(tensor.values(), quants.decode(raw, quants.BY_NAME[name]))


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_damaged_files_are_refused_or_read(gguf_model, tmp_path_factory, data):
    """Whatever bytes change: a GgufError, or tensors that lie within the file."""
    whole = gguf_model("mha-spm", "q8_0").read_bytes()
    head = 2000  # counts, keys, the start of the vocabulary
    infos = whole.index(b"token_embd.weight") - 8
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, head) | st.integers(infos, infos + 1000))
        damaged[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.just(len(whole)) | st.integers(0, len(whole)))
    path = Path(tmp_path_factory.getbasetemp()) / "damaged.gguf"
    path.write_bytes(damaged[:end])
    with contextlib.suppress(GgufError):
        gguf_ = Gguf(path)
        for tensor in gguf_.tensors.values():
            at = gguf_.data_offset + tensor.offset
            assert 0 <= at <= at + tensor.raw.nbytes <= end
            assert tensor.raw.tobytes() == damaged[at : at + tensor.raw.nbytes]


def test_a_failed_write_leaves_nothing(tmp_path):
    writer = GgufWriter()
    writer.add_tensor("t", (4,), quants.BY_NAME["F32"], lambda: [np.zeros(3, np.uint8)])
    with pytest.raises(Exception, match="tensor t: 3 bytes, not 16"):
        writer.write(tmp_path / "x.gguf")
    assert not list(tmp_path.iterdir())
