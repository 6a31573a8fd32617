# SPDX-License-Identifier: Apache-2.0
"""What the metadata says: BOS, ends of generation, and files that cannot be right."""

import pytest

from tests.tokenizer import vocabularies
from tests.tokenizer.vocabularies import CONTROL, NORMAL, write


def test_ends_are_found_by_id_and_by_name(about, tmp_path):
    tokenizer = vocabularies.bpe("llama-bpe")
    eot = tokenizer.token_to_id("<tool>")
    file = vocabularies.write_bpe(tmp_path / "v.gguf", "llama-bpe", tokenizer, eot_token_id=eot)
    lines = about(file).splitlines()
    assert {line[4:] for line in lines if line.startswith("end ")} == {
        "</s>",
        "<|im_end|>",
        "<tool>",
    }
    controls = {line[8:] for line in lines if line.startswith("control ")}
    assert controls == set(vocabularies.CONTROLS)


@pytest.mark.parametrize(
    ("pre", "given", "adds"),
    [("llama-bpe", {}, 1), ("gpt-2", {}, 0), ("gpt-2", {"add_bos_token": True}, 1),
     ("llama-bpe", {"add_bos_token": False}, 0)],
)  # fmt: skip
def test_bos_is_added_by_metadata_or_custom(pre, given, adds, about, tmp_path):
    file = vocabularies.write_bpe(tmp_path / "v.gguf", pre, vocabularies.bpe(pre), **given)
    assert f"adds_bos {adds}" in about(file).splitlines()[0]


REFUSED = {
    "no model": ({"model": ""}, "tokenizer.ggml.model is ''"),
    "unknown model": ({"model": "bert"}, "tokenizer.ggml.model is 'bert'"),
    "unknown pre": ({"model": "gpt2", "pre": "x"}, "tokenizer.ggml.pre is 'x'"),
    "no scores": ({}, "tokenizer.ggml.scores is missing"),
    "few scores": ({"scores": [0.0]}, "tokenizer.ggml.scores has 1 entries for 3 tokens"),
    "text scores": ({"scores": "none"}, "tokenizer.ggml.scores must be an array of numbers"),
    "bos": ({"scores": [0.0] * 3, "bos_token_id": 3}, "bos_token_id is 3, but there are 3 tokens"),
    "merges": ({"model": "gpt2", "merges": [1, 2]}, "tokenizer.ggml.merges must be an array"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, about, tmp_path):
    given, message = REFUSED[case]
    model = given.get("model", "llama")
    more = {k: v for k, v in given.items() if k not in ("model", "scores")}
    if isinstance(given.get("scores"), list):
        more["scores"] = given["scores"]
    file = tmp_path / "v.gguf"
    if given.get("scores") == "none":
        writer = vocabularies.GgufWriter()
        writer.add("tokenizer.ggml.model", "llama")
        writer.add("tokenizer.ggml.tokens", ["a", "b", "c"])
        writer.add("tokenizer.ggml.scores", "none")
        writer.write(file)
    else:
        write(file, model, ["<s>", "a", "b"], [CONTROL, NORMAL, NORMAL], **more)
    said = about(file)
    assert said.startswith("error: ") and message in said and said.count("\n") == 1
