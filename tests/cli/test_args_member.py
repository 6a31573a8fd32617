# SPDX-License-Identifier: Apache-2.0
"""`.args` inside the program: merged before anything else, modes included; what is typed wins."""

import json

import pytest


def test_no_args_member(run):
    done = run("--print-args", "-p", "it's")
    assert done.stdout.split("\n") == [
        "--print-args                             # command line",
        "-p                                       # command line",
        "'it'\\''s'                                # command line",
        "",
    ]


def test_where_each_comes_from(run, pack):
    exe = pack({".args": b"-n 5 # five\n... --temp 0"})
    done = run("--print-args", exe=exe)
    words = [line.split(" # ") for line in done.stdout.splitlines()]
    assert [(word.rstrip(), origin) for word, origin in words] == [
        ("-n", ".args"), ("5", ".args"), ("--print-args", "command line"),
        ("--temp", ".args"), ("0", ".args"),
    ]  # fmt: skip


def test_print_args_explains_a_broken_one(run, pack):
    exe = pack({".args": b"--nonsense"})
    assert run(exe=exe).returncode == 2
    assert "--nonsense" in run("--print-args", exe=exe).stdout


def test_packed_weights_answer(run, pack, model):
    exe = pack({"w.gguf": model(), ".args": b"-m w.gguf --temp 0 -n 4"}, align=65536)
    plain = run("-m", model(), "--temp", "0", "-n", "4", "-p", "Hello")
    packed = run("-p", "Hello", exe=exe)
    assert packed.returncode == 0 and packed.stdout == plain.stdout != "\n"


def test_only_model_needs_no_name(run, pack, model):
    assert run("--tokenize", "-p", "a", exe=pack({"w.gguf": model()})).stdout.startswith("[")


def test_stray_file_does_not_replace_packed_weights(run, pack, model, tmp_path):
    exe = pack({"w.gguf": model(), ".args": b"-m w.gguf"})
    (tmp_path / "w.gguf").write_bytes(b"stray")
    assert run("--tokenize", "-p", "a", exe=exe, cwd=tmp_path).returncode == 0
    assert run("--tokenize", "-m", "w.gguf", "-p", "a", exe=exe, cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("packed", "typed", "mode"),
    [
        ("--tokenize", "-f -", "tokenize"),
        ("--bench --pp 1 --tg 1 --json", "", "bench"),
        ("--bench --pp 1 --tg 1 --json", "--tokenize", "tokenize"),
        ("... --bench --pp 1 --tg 1 --json", "--tokenize", "tokenize"),  # typed, though before
        ("--tokenize", "--bench --pp 1 --tg 1 --json", "bench"),
        ("-p x -n 1", "--tokenize", "tokenize"),
        ("--chat -n 1", "-p x", "cli"),
        ("-p x -n 1", "--chat", "chat"),
        ("-n 1", "", "cli"),
    ],
)
def test_mode(run, pack, model, packed, typed, mode):
    exe = pack({"w.gguf": model(), ".args": packed.encode()})
    done = run(*typed.split(), exe=exe, input=b"a\nb\n")
    assert done.returncode == 0, done.stderr
    if mode == "tokenize":
        assert isinstance(json.loads(done.stdout), list)
    elif mode == "bench":
        assert {"pp", "tg"} <= json.loads(done.stdout).keys()
    else:
        # Chat answers each of the two lines, the other mode all of them at once.
        assert done.stdout.count("\n") >= (2 if mode == "chat" else 1)


def test_typed_value_wins(run, pack, model):
    exe = pack({"w.gguf": model(), ".args": b"-n 9 --temp 0"})
    short = run("-p", "x", "-n", "1", exe=exe).stdout
    assert short == run("-m", model(), "-p", "x", "-n", "1", "--temp", "0").stdout


def test_compressed_args(refused, pack):
    exe = pack({".args": b"-n 5 " * 99}, method=8)
    line = refused(1, exe=exe)
    assert line == f"{exe}: .args is compressed (method 8); store it: zipalign -j0 {exe} .args"


def test_complaint_names_where_the_word_stands(refused, pack):
    exe = pack({".args": b"--bogus"})
    line = "in .args: unknown option --bogus; --help lists them all"
    assert refused(2, exe=exe) == line
    assert refused(2, "-n", "x", exe=pack({".args": b"--temp 0"})).startswith("option -n: ")
    assert refused(2, exe=pack({".args": b"-n"})) == "in .args: option -n needs a value: N"


def test_damaged_args_do_not_hide_the_help(run, refused, pack):
    exe = pack({".args": b"-n 5 " * 99}, method=8)
    for option in ("--help", "--version"):
        done = run(option, exe=exe)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout
    done = run("--print-args", "-n", "3", exe=exe)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["--print-args", "-n", "3"]
    assert done.returncode == 1 and ".args is compressed" in done.stderr
