# SPDX-License-Identifier: Apache-2.0
"""Everything that can be wrong with weights and output files: one clear line, status 1."""

import struct

import pytest

PROMPT = ("-p", "x", "-n", "1")


@pytest.fixture
def raw(model) -> bytes:
    """Return the bytes of a good model."""
    return model().read_bytes()


@pytest.fixture
def complaint(refused, tmp_path):
    """complaint(bytes) -> what the program says about a model of these bytes, file name first."""

    def call(data: bytes) -> str:
        path = tmp_path / "w.gguf"
        path.write_bytes(data)
        line = refused(1, "-m", path, *PROMPT)
        assert line.startswith(f"{path}: "), line
        return line.removeprefix(f"{path}: ")

    return call


def tensor_record(raw: bytes, name: bytes) -> int:
    """Return the offset of a tensor's type, which its offset follows."""
    at = raw.index(struct.pack("<Q", len(name)) + name) + 8 + len(name)
    (dims,) = struct.unpack_from("<I", raw, at)
    return at + 4 + 8 * dims


def test_no_weights(refused, llamafile):
    assert refused(1, *PROMPT) == (
        "there are no weights in this file; name some with -m FILE, or put them in: "
        f"zipalign -j0 {llamafile} weights.gguf"
    )


def test_missing_file(refused):
    assert refused(1, "-m", "gone.gguf", *PROMPT) == "gone.gguf: No such file or directory"
    assert refused(1, "-f", "gone.txt") == "gone.txt: No such file or directory"


def test_folder(refused, tmp_path):
    assert refused(1, "-m", tmp_path, *PROMPT) == f"{tmp_path}: is a directory, not a file"
    assert refused(1, "-f", tmp_path) == f"{tmp_path}: Is a directory"


@pytest.mark.parametrize(
    "data", [b"", b"GGU", b"hello, world" * 99, b"PK\5\6", b"GGML" + bytes(99)]
)
def test_not_a_gguf(complaint, data):
    assert complaint(data) == "is neither a GGUF file nor a zip that holds one"


@pytest.mark.parametrize(
    ("section", "where"),
    [
        ("magic only", 4), ("header", 15), ("after the header", 24), ("metadata", 200),
        ("tensor directory", b"blk.0.attn_q.weight"), ("padding", -1), ("data", -2),
        ("last byte", -3),
    ],
)  # fmt: skip
def test_truncated(complaint, raw, section, where):
    last = max(raw.rindex(name) for name in (b"output_norm.weight", b"token_embd.weight"))
    cut = {-1: last + 60, -2: (last + len(raw)) // 2, -3: len(raw) - 1}
    end = raw.index(where) + 5 if isinstance(where, bytes) else cut.get(where, where)
    assert "truncated" in complaint(raw[:end]) or "past the end" in complaint(raw[:end])


def test_unknown_architecture(complaint, raw):
    key = b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0"
    assert key + b"llama" in raw
    line = complaint(raw.replace(key + b"llama", key + b"mamba", 1))
    assert "mamba" in line and "llama" in line  # what it is, and what there is


def test_type_we_lack(complaint, raw):
    at = tensor_record(raw, b"blk.0.ffn_up.weight")
    line = complaint(raw[:at] + struct.pack("<I", 12) + raw[at + 4 :])
    assert "blk.0.ffn_up.weight" in line and "Q4_K" in line
    line = complaint(raw[:at] + struct.pack("<I", 999) + raw[at + 4 :])
    assert "blk.0.ffn_up.weight" in line and "999" in line


def test_tensor_past_the_end(complaint, raw):
    at = tensor_record(raw, b"blk.0.ffn_up.weight") + 4
    line = complaint(raw[:at] + struct.pack("<Q", 1 << 40) + raw[at + 8 :])
    assert "blk.0.ffn_up.weight" in line


def test_missing_tensor(complaint, raw):
    line = complaint(raw.replace(b"blk.1.ffn_up.weight", b"blk.1.ffn_xx.weight"))
    assert "blk.1.ffn_up.weight" in line


def test_compressed_member(refused, pack, model):
    exe = pack({"w.gguf": model()}, method=8)
    assert refused(1, *PROMPT, exe=exe) == (
        f"{exe}: w.gguf is compressed (method 8); store it: zipalign -j0 {exe} w.gguf"
    )


def test_misaligned_member(refused, pack, model):
    exe = pack({"x": b"1", "w.gguf": model()}, align=1)
    line = refused(1, *PROMPT, exe=exe)
    assert line.startswith(f"{exe}: w.gguf is misaligned: byte ")
    assert line.endswith(f" is not a multiple of 32; align it: zipalign -j0 {exe} w.gguf")


def test_truncated_llamafile(refused, pack, model, tmp_path):
    whole = pack({"w.gguf": model()}).read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-50])
    line = refused(1, "-m", tmp_path / "cut", *PROMPT)
    assert line.startswith(f"{tmp_path / 'cut'}: ")


def test_several_models(refused, pack, model):
    exe = pack({"a.gguf": model(), "b.gguf": model()})
    assert refused(1, *PROMPT, exe=exe) == (
        f"{exe}: holds 2 models; choose one with -m: a.gguf, b.gguf"
    )


def test_context_larger_than_memory(refused, model):
    line = refused(1, "-m", model(), "-c", "60000000", *PROMPT)
    assert line.startswith(f"{model()}: a context of 60000000 tokens")


def test_output_file(refused, model, tmp_path):
    words = ("-m", model(), "--tokens", "1,2", "--logits")
    assert refused(1, *words, tmp_path / "gone" / "l.npy") == (
        f"{tmp_path}/gone/l.npy: No such file or directory"
    )
    assert refused(1, *words, tmp_path) == f"{tmp_path}: Is a directory"
    assert refused(1, *words, "/dev/full") == "/dev/full: No space left on device"


def test_read_only_output(refused, model):
    # /proc refuses new files even for root.
    line = refused(1, "-m", model(), "--tokens", "1", "--logits", "/proc/l.npy")
    assert line.startswith("/proc/l.npy: ")


def test_tokens(refused, model):
    words = ("-m", model(), "--logits", "/dev/null", "--tokens")
    assert refused(1, *words, "1,x") == "--tokens: '1,x' is not a list of numbers like 1,2,3"
    assert refused(1, *words, "1,,2") == "--tokens: '1,,2' is not a list of numbers like 1,2,3"
    assert refused(1, *words, "1,99999") == "--tokens: 99999 is not within 0 to 500"


def test_processor_feature_nobody_knows(refused, model):
    assert "avx9" in refused(1, "-m", model(), "--disable-cpu", "avx9", *PROMPT)


def test_broken_template(refused, model):
    assert refused(1, "-m", model(), "--chat-template", "{% if %}", *PROMPT)
