# SPDX-License-Identifier: Apache-2.0
"""`weights show` on a GGUF, on one inside a zip, and on what is neither."""

import json
import zipfile
from pathlib import Path

import gguf
import pytest

from weights.cli import main


@pytest.fixture
def model(gguf_model) -> Path:
    return gguf_model("mha-spm", "q4_0")


def pack(path: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """A zip behind something else, as in a llamafile."""
    path.write_bytes(b"MZ" + bytes(5000))
    with zipfile.ZipFile(path, "a", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_text(model, capsys):
    assert main(["show", str(model)]) == 0
    out = capsys.readouterr().out
    assert "GGUF version 3" in out and "21 tensors (5 F32, 16 Q4_0)" in out
    assert "\nllama.attention.head_count              4\n" in out
    assert "[<unk>, <s>, </s>, <|im_start|>, <|im_end|>, <0x00>, ...] (509)" in out
    assert "token_embd" not in out


def test_tensors(model, capsys):
    assert main(["show", "--tensors", str(model)]) == 0
    assert "blk.1.ffn_up.weight       Q4_0     64 x 160\n" in capsys.readouterr().out


def test_json_equals_the_gguf_package(model, capsys):
    assert main(["show", "--json", "--tensors", str(model)]) == 0
    shown = json.loads(capsys.readouterr().out)
    theirs = gguf.GGUFReader(model)
    fields = {key: f.contents() for key, f in theirs.fields.items() if key[:5] != "GGUF."}
    assert shown["metadata"] == fields and shown["data_offset"] == theirs.data_offset
    assert [
        (t["name"], t["type"], t["dims"], t["offset"] + shown["data_offset"])
        for t in shown["tensors"]
    ] == [
        (t.name, t.tensor_type.name, t.shape.tolist(), t.data_offset) for t in theirs.tensors
    ]  # fmt: skip


def test_inside_a_llamafile(model, tmp_path, capsys):
    data = model.read_bytes()
    path = str(pack(tmp_path / "a@b.llamafile", ("x.txt", b"no"), ("m.gguf", data)))
    assert main(["show", "--json", path]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["member"] == "m.gguf" and alone["metadata"]["general.name"] == "mha-spm"
    assert main(["show", "--json", path + "@m.gguf"]) == 0
    assert json.loads(capsys.readouterr().out) == alone


@pytest.mark.parametrize(
    "members, suffix, message",
    [
        ((("x.txt", b""),), "", "no member ends in .gguf"),
        ((("a.gguf", b""), ("b.GGUF", b"")), "", "a.gguf, b.GGUF: choose one with"),
        ((("a.gguf", b"GGUF"),), "@b.gguf", "no member b.gguf"),
        ((("a.gguf", b"GGUF\3\0\0\0"),), "", "the file ends inside the number of tensors"),
    ],
)
def test_refusals_in_zips(tmp_path, capsys, members, suffix, message):
    path = pack(tmp_path / "x.llamafile", *members)
    assert main(["show", str(path) + suffix]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("weights: error: ") and message in err


def test_compressed_member(model, tmp_path, capsys):
    member = ("m.gguf", model.read_bytes())
    path = pack(tmp_path / "x.llamafile", member, method=zipfile.ZIP_DEFLATED)
    assert main(["show", str(path)]) == 1
    assert "m.gguf is compressed; pack it again with zipalign -0" in capsys.readouterr().err


@pytest.mark.parametrize(
    "data, message",
    [
        (None, "No such file or directory"),
        (b"", "the file ends inside the magic"),
        (b"GG", "the file ends inside the magic"),
        (b"#!/bin/sh\n" * 9, "not a GGUF file: it starts with"),
    ],
)
def test_refusals(tmp_path, capsys, data, message):
    path = tmp_path / "x"
    if data is not None:
        path.write_bytes(data)
    assert main(["show", str(path)]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"weights: error: {path}: ") and message in err


def test_text_is_harmless_to_a_terminal(tmp_path, capsys):
    from tests.weights.gguf_bytes import STRING, File, pair, text

    path = tmp_path / "x.gguf"
    path.write_bytes(File(pairs=[pair("k", STRING, text("a\x1b[2Jb\n\u202ec"))]).pack())
    assert main(["show", str(path)]) == 0
    assert r"a\x1b[2Jb\n\u202ec" in capsys.readouterr().out
