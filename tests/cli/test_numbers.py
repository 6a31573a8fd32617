# SPDX-License-Identifier: Apache-2.0
"""--tokenize, --bench and --logits: output that other programs read."""

import json
import subprocess

import numpy as np


def test_tokenize_prints_a_list(run, model):
    ids = json.loads(run("-m", model(), "--tokenize", "-p", "Hello world").stdout)
    assert ids and all(isinstance(i, int) for i in ids)
    assert run("-m", model(), "--tokenize", input=b"Hello world").stdout == json.dumps(ids) + "\n"
    assert run("-m", model(), "--tokenize", "-p", "").stdout == "[]\n"


def test_bench_table(run, model):
    done = run("-m", model(), "--bench", "--pp", "8", "--tg", "4")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[:2] for row in rows[-2:]] == [["pp", "8"], ["tg", "4"]]
    assert done.stderr == ""


def test_bench_json(run, model):
    words = ("-m", model(), "--bench", "--json", "-t", "2", "--pp", "8")
    answer = json.loads(run(*words, "--tg", "4").stdout)
    assert answer["pp"] > 0 and answer["tg"] > 0
    assert (answer["n_pp"], answer["n_tg"], answer["threads"]) == (8, 4, 2)
    assert answer["model"] == str(model()) and answer["isa"]
    answer = json.loads(run(*words, "--tg", "0").stdout)
    assert answer["tg"] is None and answer["pp"] > 0


def test_logits(run, model, tmp_path):
    out = tmp_path / "l.npy"
    words = ("-m", model(), "--logits", out)
    assert run(*words, "--tokens", "5,6,7").stdout == ""
    rows = np.load(out)
    assert rows.shape == (3, 501) and rows.dtype == np.float32 and rows.flags.c_contiguous
    run(*words, "--tokens", "5,6")
    assert np.array_equal(np.load(out), rows[:2])  # the file was replaced
    assert sorted(p.name for p in tmp_path.iterdir()) == ["l.npy"]


def test_logits_of_a_prompt(run, model, tmp_path):
    ids = json.loads(run("-m", model(), "--tokenize", "-p", "Hello").stdout)
    run("-m", model(), "--logits", tmp_path / "a.npy", "-p", "Hello")
    run("-m", model(), "--logits", tmp_path / "b.npy", "--tokens", ",".join(map(str, ids)))
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_logits_replace_what_a_link_leads_to(run, model, tmp_path):
    (tmp_path / "real.npy").write_bytes(b"old")
    (tmp_path / "link.npy").symlink_to("real.npy")
    assert run("-m", model(), "--tokens", "1,2", "--logits", tmp_path / "link.npy").returncode == 0
    assert (tmp_path / "link.npy").is_symlink()
    assert np.load(tmp_path / "real.npy").shape == (2, 501)
    (tmp_path / "new.npy").symlink_to("later.npy")
    assert run("-m", model(), "--tokens", "1,2", "--logits", tmp_path / "new.npy").returncode == 0
    assert np.load(tmp_path / "later.npy").shape == (2, 501)


def test_failure_keeps_the_old_file(run, model, tmp_path):
    (tmp_path / "l.npy").write_bytes(b"old")
    words = ("-m", model(), "--logits", tmp_path / "l.npy", "--tokens")
    assert run(*words, "1,99999").returncode == 1
    assert [p.name for p in tmp_path.iterdir()] == ["l.npy"]
    assert (tmp_path / "l.npy").read_bytes() == b"old"


def test_leftovers_of_a_killed_process(llamafile, model, tmp_path):
    # Both files are named by the shell's number, which exec keeps.
    out = tmp_path / "l.npy"
    script = 'touch "$1.$$.tmp"; exec "$2" -m "$3" --tokens 1,2 --logits "$1"'
    subprocess.run(["sh", "-c", script, "sh", out, llamafile, model()], check=True)
    assert np.load(out).shape == (2, 501)


def test_output_is_checked_before_the_work(refused, tmp_path):
    line = refused(1, "-m", "gone.gguf", "--tokens", "1", "--logits", tmp_path / "no" / "l.npy")
    assert line == f"{tmp_path}/no/l.npy: No such file or directory"
