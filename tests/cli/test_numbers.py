# SPDX-License-Identifier: Apache-2.0
"""--tokenize, --bench and --logits: output that other programs read."""

import json

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
