# SPDX-License-Identifier: Apache-2.0
"""What -m means: plain files, members of our own zip, members of others, and which goes first."""

import zipfile

import pytest

GGUF = b"GGUF" + bytes(28)


def pack(path, *members, align=32):
    """Write an archive whose members begin at multiples of `align`."""
    with path.open("wb") as f, zipfile.ZipFile(f, "w") as z:
        for name in members:
            info = zipfile.ZipInfo(name)
            start = f.tell() + 30 + len(name.encode())
            info.extra = b"\x35\xd9" + (pad := -(start + 4) % align).to_bytes(2, "little")
            info.extra += bytes(pad)
            z.writestr(info, GGUF + name.encode())
    return path


@pytest.fixture
def ask(run, tmp_path):
    """ask(self, name, packed) -> the line of check_zip, in a folder of its own."""

    def call(self_path, name, packed=0) -> str:
        return run("check_zip", "blob", self_path, name, packed, cwd=tmp_path).rstrip("\n")

    return call


def test_plain_file(ask, tmp_path):
    (tmp_path / "w.bin").write_bytes(GGUF)
    assert ask("none", "w.bin") == "w.bin 32"


def test_only_model_of_own_zip(ask, tmp_path):
    me = pack(tmp_path / "me", ".args", "w.GGUF", "notes.txt")
    assert ask(me, "") == f"{me}@w.GGUF 38"


def test_several_models_are_listed(ask, tmp_path):
    me = pack(tmp_path / "me", "a.gguf", "b.gguf")
    assert ask(me, "") == f"error: {me}: holds 2 models; choose one with -m: a.gguf, b.gguf"
    assert ask(me, "b.gguf") == f"{me}@b.gguf 38"


def test_no_weights(ask, tmp_path):
    me = pack(tmp_path / "me", ".args")
    words = "there are no weights in this file; name some with -m FILE, or put them in"
    assert ask(me, "") == f"error: {words}: zipalign -j0 {me} weights.gguf"
    assert ask("nothing", "") == f"error: {words}: zipalign -j0 nothing weights.gguf"


def test_zip_with_one_model(ask, tmp_path):
    pack(tmp_path / "other.llamafile", "x/w.gguf")
    assert ask("none", "other.llamafile") == "other.llamafile@x/w.gguf 40"


def test_zip_without_model(ask, tmp_path):
    pack(tmp_path / "other.zip", "a")
    answer = "error: other.zip: holds no .gguf; add one: zipalign -j0 other.zip weights.gguf"
    assert ask("none", "other.zip") == answer


def test_neither(ask, tmp_path):
    (tmp_path / "w.gguf").write_bytes(b"hello")
    assert ask("none", "w.gguf") == (
        "error: w.gguf: is neither a GGUF file nor a zip that holds one"
    )


def test_missing(ask, tmp_path):
    assert ask("none", "gone.gguf") == "error: gone.gguf: No such file or directory"
    me = pack(tmp_path / "me", "a.gguf")
    assert ask(me, "gone.gguf") == (
        f"error: gone.gguf: No such file, and no such member of {me}, which holds: a.gguf"
    )


def test_folder(ask, tmp_path):
    (tmp_path / "folder").mkdir()
    assert ask("none", "folder") == "error: folder: is a directory, not a file"


def test_member_of_another_zip(ask, tmp_path):
    (tmp_path / "me@home").mkdir()
    pack(tmp_path / "me@home" / "o.zip", "a.gguf", "b@2.gguf")
    assert ask("none", "me@home/o.zip@b@2.gguf") == "me@home/o.zip@b@2.gguf 40"
    assert ask("none", "me@home/o.zip@c") == (
        "error: me@home/o.zip: has no member c; its models: a.gguf, b@2.gguf"
    )


def test_plain_file_with_at_sign(ask, tmp_path):
    (tmp_path / "a@b").mkdir()
    (tmp_path / "a@b" / "w.gguf").write_bytes(GGUF)
    assert ask("none", "a@b/w.gguf") == "a@b/w.gguf 32"


def test_old_zip_prefix(ask, tmp_path):
    me = pack(tmp_path / "me", "w.gguf")
    assert ask(me, "/zip/w.gguf") == f"{me}@w.gguf 38"


def test_who_goes_first(ask, tmp_path):
    # A stray file must not replace the weights that .args names; what is typed means the file.
    me = pack(tmp_path / "me", "w.gguf")
    (tmp_path / "w.gguf").write_bytes(GGUF)
    assert ask(me, "w.gguf", 0) == "w.gguf 32"
    assert ask(me, "w.gguf", 1) == f"{me}@w.gguf 38"


def test_misaligned(ask, tmp_path):
    me = pack(tmp_path / "me", "w.gguf", align=1)
    assert "w.gguf is misaligned" in ask(me, "") and "zipalign -j0" in ask(me, "")
