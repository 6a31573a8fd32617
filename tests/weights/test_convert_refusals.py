# SPDX-License-Identifier: Apache-2.0
"""What `weights convert` refuses: one line on stderr, exit status 1, no output left behind."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from weights.cli import main


def edit(name: str, **changes: object) -> Callable[[Path], None]:
    """Changes keys of a JSON file; None removes the key."""

    def apply(folder: Path) -> None:
        data = json.loads((folder / name).read_text(encoding="utf-8")) | changes
        data = {key: value for key, value in data.items() if value is not None}
        (folder / name).write_text(json.dumps(data), encoding="utf-8")

    return apply


def tensors(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        arrays = load_file(folder / "model.safetensors")
        change(arrays)
        save_file(arrays, folder / "model.safetensors")

    return apply


def write(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data)


def remove(*names: str) -> Callable[[Path], None]:
    return lambda folder: [(folder / name).unlink() for name in names]


def truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def with_nan(arrays: dict[str, np.ndarray]) -> None:
    arrays["model.norm.weight"][3] = np.nan


def header(data: object) -> bytes:
    raw = json.dumps(data).encode()
    return struct.pack("<Q", len(raw)) + raw


Q = "model.layers.0.self_attn.q_proj.weight"
CASES = {
    "no config": (remove("config.json"), "no config.json"),
    "config is no JSON": (write("config.json", b"{"), "config.json: not JSON"),
    "config is a list": (write("config.json", b"[]"), "config.json: not a JSON object"),
    "architecture": (edit("config.json", architectures=["GPT2LMHeadModel"]), "only LlamaForCausal"),
    "quantized": (edit("config.json", quantization_config={"bits": 4}), "quantized already"),
    "activation": (edit("config.json", hidden_act="gelu"), "hidden_act is 'gelu', not 'silu'"),
    "rope": (
        edit("config.json", rope_scaling={"type": "yarn", "factor": 2}), "rope scaling 'yarn'"),
    "rope factor": (
        edit("config.json", rope_scaling={"type": "linear"}), "rope setting factor is None"),
    "layers": (edit("config.json", num_hidden_layers="2"), "num_hidden_layers is '2'"),
    "more layers": (edit("config.json", num_hidden_layers=3), "model.layers.2.input_layernorm"),
    "fewer layers": (edit("config.json", num_hidden_layers=1), "do not know what to do with"),
    "heads": (edit("config.json", num_attention_heads=7), "which are not 7 even heads"),
    "no eps": (edit("config.json", rms_norm_eps=None), "rms_norm_eps is missing"),
    "no weights": (remove("model.safetensors"), "no model.safetensors"),
    "missing tensor": (tensors(lambda a: a.pop(Q)), f"tensor {Q} is missing"),
    "no lm_head": (tensors(lambda a: a.pop("lm_head.weight")), "lm_head.weight is missing"),
    "strange tensor": (
        tensors(lambda a: a.update(x=a[Q])), "do not know what to do with tensor x"),
    "integers": (
        tensors(lambda a: a.update({Q: a[Q].astype(np.int32)})), "is I32; only F32, F16 and BF16"),
    "NaN": (tensors(with_nan), "model.norm.weight holds a NaN or an infinity"),
    "short file": (truncated, "does not fit its place in the file"),
    "empty file": (write("model.safetensors", b""), "too short for a safetensors file"),
    "long header": (write("model.safetensors", b"\xff" * 9), "the header's length is"),
    "bad entry": (write("model.safetensors", header({"t": {"dtype": "F32"}})), "malformed entry"),
    "shard elsewhere": (
        write("model.safetensors.index.json", b'{"weight_map": {"a": "../x"}}'), "plain file name"),
    "shard missing": (
        write("model.safetensors.index.json", b'{"weight_map": {"a": "x"}}'), "no x"),
    "no tokenizer": (remove("tokenizer.json", "tokenizer.model"), "no tokenizer.json and no"),
    "tokenizer kind": (
        write("tokenizer.json", b'{"model": {"type": "Unigram"}}'), "tokenizer of type Unigram"),
    "pre-tokenizer": (
        write("tokenizer.json", b'{"model": {"type": "BPE", "vocab": {}}, "pre_tokenizer": '
              b'{"type": "Whitespace"}}'), "unknown pre-tokenizer"),
    "spm model": (write("tokenizer.model", b"\x0a\xff"), "not a sentencepiece model"),
    "token twice": (
        edit("tokenizer.json", added_tokens=[{"id": 9, "content": "no"}]), "share the id 9"),
    "too many tokens": (
        edit("tokenizer.json", added_tokens=[{"id": 509, "content": "x"}]), "has 510 tokens"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_refuses(hf_model, tmp_path, capsys, name):
    change, message = CASES[name]
    folder = tmp_path / "model"
    shutil.copytree(hf_model("mha-spm"), folder)
    change(folder)
    (tmp_path / "out").mkdir()
    assert main(["convert", str(folder), "-o", str(tmp_path / "out" / "x.gguf")]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1, err
    assert err.startswith("weights: error: ") and message in err
    assert not list((tmp_path / "out").iterdir())


def test_refuses_what_overflows_f16(hf_model, tmp_path, capsys):
    folder = tmp_path / "model"
    shutil.copytree(hf_model("mha-spm"), folder)
    tensors(lambda a: a[Q].__setitem__((0, 0), 70000))(folder)
    assert main(["convert", str(folder), "-o", str(tmp_path / "x"), "--type", "f16"]) == 1
    assert "too large for F16; use --type bf16" in capsys.readouterr().err


@pytest.mark.parametrize(
    "path, message",
    [("no/such/x.gguf", "its folder does not exist"), ("/dev/full", "No space left on device")],
)
def test_output_that_cannot_be_written(hf_model, tmp_path, capsys, monkeypatch, path, message):
    if path.startswith("/") and not Path(path).exists():
        pytest.skip(f"this system has no {path}")
    monkeypatch.chdir(tmp_path)
    assert main(["convert", str(hf_model("mha-spm")), "-o", path]) == 1
    assert capsys.readouterr().err == f"weights: error: {path}: {message}\n"
    assert not Path(path).is_file()


def test_wrong_usage_is_status_2(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["convert", "x"])
    assert caught.value.code == 2
    with pytest.raises(SystemExit) as caught:
        main(["convert", "x", "-o", "y", "--type", "q9"])
    assert caught.value.code == 2
