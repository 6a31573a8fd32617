# SPDX-License-Identifier: Apache-2.0
"""`weights convert` on every tiny model, against GGUF files written without it."""

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.data.cases import CASES, by_name, hf_weights
from tests.data.make_models import TYPES
from weights import quants
from weights.convert import convert
from weights.gguf import Gguf

NAMES = [case.name for case in CASES]


def metadata(path: Path) -> dict[str, object]:
    return {key: value.plain() for key, value in Gguf(path).metadata.items()}


@pytest.mark.parametrize("name", NAMES)
def test_equals_the_file_written_directly(hf_model, gguf_model, tmp_path, name):
    out = tmp_path / "out.gguf"
    assert convert(hf_model(name), out) == []
    wanted = gguf_model(name, "f32")
    assert metadata(out) == metadata(wanted)
    ours, theirs = Gguf(out).tensors, Gguf(wanted).tensors
    assert ours.keys() == theirs.keys()
    for key, tensor in theirs.items():
        assert ours[key].type is tensor.type and ours[key].dims == tensor.dims
        assert np.array_equal(ours[key].raw, tensor.raw), key


@pytest.mark.parametrize("type_name", TYPES[1:])
def test_types(hf_model, gguf_model, tmp_path, type_name):
    out = tmp_path / "out.gguf"
    convert(hf_model("llama3"), out, type_name)
    ours, theirs = Gguf(out).tensors, Gguf(gguf_model("llama3", type_name)).tensors
    assert metadata(out) == metadata(gguf_model("llama3", type_name))
    for key, tensor in theirs.items():
        if type_name == "q4_0" and key == "output.weight":
            # The table that ends in logits keeps eight bits.
            rows = hf_weights(by_name("llama3"))["lm_head.weight"]
            wanted = gguf.quants.quantize(rows, gguf.GGMLQuantizationType.Q8_0)
            assert ours[key].type.name == "Q8_0" and np.array_equal(ours[key].raw, wanted)
        else:
            assert ours[key].type is tensor.type and np.array_equal(ours[key].raw, tensor.raw)


def test_a_tied_table_keeps_eight_bits(hf_model, tmp_path):
    convert(hf_model("smollm"), tmp_path / "out.gguf", "q4_0")
    tensors = Gguf(tmp_path / "out.gguf").tensors
    assert tensors["token_embd.weight"].type.name == "Q8_0" and "output.weight" not in tensors


def _copy(folder: Path, out: Path) -> Path:
    shutil.copytree(folder, out)
    return out


def test_sharded_model(hf_model, gguf_model, tmp_path):
    folder = _copy(hf_model("mha-spm"), tmp_path / "m")
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    index = {}
    for i, part in enumerate((names[:5], names[5:])):
        file = f"model-0000{i + 1}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file)
        index |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    convert(folder, tmp_path / "out.gguf")
    wanted = Gguf(gguf_model("mha-spm", "f32")).tensors
    for name, tensor in Gguf(tmp_path / "out.gguf").tensors.items():
        assert np.array_equal(tensor.raw, wanted[name].raw)


def write_bf16(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """A safetensors file in bfloat16, which numpy and so the package's numpy side lack."""
    header, body = {}, b""
    for name, array in arrays.items():
        raw = quants.encode(array, quants.BY_NAME["BF16"]).tobytes()
        span = [len(body), len(body) + len(raw)]
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": span}
        body += raw
    head = json.dumps(header).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + body)


def test_bf16_source_stays_bf16_and_loses_nothing(hf_model, tmp_path):
    folder = _copy(hf_model("bias"), tmp_path / "m")
    arrays = hf_weights(by_name("bias"))
    write_bf16(folder / "model.safetensors", arrays)
    convert(folder, tmp_path / "out.gguf")
    tensors = Gguf(tmp_path / "out.gguf").tensors
    assert tensors["output.weight"].type.name == "BF16"
    wanted = gguf.quants.quantize(arrays["lm_head.weight"], gguf.GGMLQuantizationType.BF16)
    assert np.array_equal(tensors["output.weight"].raw, wanted)
    assert tensors["output_norm.weight"].type.name == "F32"


def test_rows_that_are_no_whole_blocks_stay_at_16_bits(hf_model, tmp_path):
    folder = _copy(hf_model("mha-spm"), tmp_path / "m")
    arrays = load_file(folder / "model.safetensors")
    for name in arrays:
        if "mlp.down" in name:
            arrays[name] = np.ascontiguousarray(arrays[name][:, :150])
    save_file(arrays, folder / "model.safetensors")
    convert(folder, tmp_path / "out.gguf", "q8_0")
    types = {name: t.type.name for name, t in Gguf(tmp_path / "out.gguf").tensors.items()}
    assert types["blk.0.ffn_down.weight"] == "F16" and types["blk.0.ffn_up.weight"] == "Q8_0"


def test_works_in_small_pieces(hf_model, gguf_model, tmp_path, monkeypatch):
    monkeypatch.setattr("weights.convert.CHUNK", 1000)
    heard = []
    convert(hf_model("headdim"), tmp_path / "out.gguf", None, lambda *n: heard.append(n))
    wanted = Gguf(gguf_model("headdim", "f32")).tensors
    for name, tensor in Gguf(tmp_path / "out.gguf").tensors.items():
        assert np.array_equal(tensor.raw, wanted[name].raw)
    assert heard == sorted(heard) and heard[-1][0] <= heard[-1][1] and len(heard) > 100


def test_same_input_gives_same_bytes(hf_model, tmp_path):
    convert(hf_model("smollm"), tmp_path / "a.gguf", "q8_0")
    convert(hf_model("smollm"), tmp_path / "b.gguf", "q8_0")
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


def test_a_sliding_window_limits_the_context(hf_model, tmp_path):
    folder = _copy(hf_model("mistral"), tmp_path / "m")
    config = json.loads((folder / "config.json").read_text()) | {"sliding_window": 128}
    (folder / "config.json").write_text(json.dumps(config))
    notes = convert(folder, tmp_path / "out.gguf")
    assert notes == ["context limited to 128, the model's sliding window"]
    assert Gguf(tmp_path / "out.gguf").get("llama.context_length") == 128
