# SPDX-License-Identifier: Apache-2.0
"""Tokenizer tables: what convert reads from each form of file, against the libraries' view."""

import json
import shutil
from pathlib import Path

import pytest
import sentencepiece
import tokenizers

from tests.data.cases import by_name
from weights import pretokenizers, special_tokens, spm_model, tokenizer_files
from weights.errors import ConvertError

SPM_NAMES = ["mha-spm", "mistral"]
BPE_NAMES = ["llama3", "smollm", "headdim", "bias"]


def copy(folder: Path, out: Path, *without: str) -> Path:
    shutil.copytree(folder, out, ignore=lambda *_: without)
    return out


def test_tokenizer_model_as_sentencepiece_reads_it(hf_model):
    path = hf_model("mha-spm") / "tokenizer.model"
    ours = spm_model.load(path)
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(path))
    ids = range(theirs.vocab_size())
    assert ours.pieces == [theirs.id_to_piece(i) for i in ids]
    assert ours.scores == [theirs.get_score(i) for i in ids]
    assert ours.add_dummy_prefix
    assert [t == 3 for t in ours.types] == [theirs.is_control(i) for i in ids]
    assert [t == 6 for t in ours.types] == [theirs.is_byte(i) for i in ids]


def test_damaged_tokenizer_models_are_refused(hf_model, tmp_path):
    whole = (hf_model("mha-spm") / "tokenizer.model").read_bytes()
    path = tmp_path / "tokenizer.model"
    for size in range(0, len(whole), 37):
        path.write_bytes(whole[:size])
        try:
            spm_model.load(path)
        except ConvertError as error:
            assert "\n" not in str(error)


def test_unigram_models_are_refused(tmp_path):
    prefix = str(tmp_path / "m")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["one two three"] * 9), model_prefix=prefix, vocab_size=20,
        model_type="unigram", hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    with pytest.raises(ConvertError, match="type 1; only BPE"):
        spm_model.load(Path(prefix + ".model"))


@pytest.mark.parametrize("name", BPE_NAMES)
def test_bpe_tables(hf_model, name):
    ours = tokenizer_files.load(hf_model(name))
    theirs = tokenizers.Tokenizer.from_file(str(hf_model(name) / "tokenizer.json"))
    assert ours.tokens == [theirs.id_to_token(i) for i in range(theirs.get_vocab_size())]
    wanted = by_name(name).vocabulary()
    assert (ours.types, ours.merges, ours.pre) == (wanted.types, wanted.merges, wanted.pre)


@pytest.mark.parametrize("name", BPE_NAMES)
def test_old_and_new_form_of_merges(hf_model, tmp_path, name):
    """Files written before tokenizers 0.20 join the two halves with a space."""
    folder = copy(hf_model(name), tmp_path / "m")
    data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
    (folder / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
    assert tokenizer_files.load(folder) == tokenizer_files.load(hf_model(name))


def test_spm_without_tokenizer_json_is_the_same(hf_model, tmp_path):
    folder = copy(hf_model("mha-spm"), tmp_path / "m", "tokenizer.json")
    assert tokenizer_files.load(folder) == tokenizer_files.load(hf_model("mha-spm"))


def test_spm_without_tokenizer_model_keeps_the_order_of_scores(hf_model, tmp_path):
    full = tokenizer_files.load(hf_model("mha-spm"))
    alone = tokenizer_files.load(copy(hf_model("mha-spm"), tmp_path / "m", "tokenizer.model"))
    assert (alone.tokens, alone.types) == (full.tokens, full.types)
    normal = [i for i, t in enumerate(full.types) if t == tokenizer_files.TokenType.NORMAL]
    by_score = sorted(normal, key=lambda i: -full.scores[i])
    assert by_score == sorted(normal, key=lambda i: -alone.scores[i])


def test_added_tokens_beside_a_tokenizer_model(hf_model, tmp_path):
    folder = copy(hf_model("mha-spm"), tmp_path / "m", "tokenizer.json")
    (folder / "added_tokens.json").write_text('{"<new>": 510, "<end>": 509, "<s>": 1}')
    config = {"added_tokens_decoder": {"509": {"content": "<end>", "special": True}}}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    ours = tokenizer_files.load(folder)
    assert ours.tokens[-2:] == ["<end>", "<new>"] and len(ours.tokens) == 511
    assert ours.types[-2:] == [3, 4] and ours.scores[-2:] == [-1000, -1000]


def test_metaspace_form(hf_model, tmp_path):
    """Newer conversions of SPM have a Metaspace pre-tokenizer in place of the normalizer."""
    folder = copy(hf_model("mha-spm"), tmp_path / "m")
    data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    for scheme, wanted in (("first", True), ("always", True), ("never", False)):
        data["normalizer"] = None
        data["pre_tokenizer"] = {
            "type": "Metaspace", "replacement": "\u2581", "prepend_scheme": scheme, "split": False,
        }  # fmt: skip
        (folder / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
        assert tokenizer_files.load(folder).add_space_prefix is wanted


def _special(folder: Path, config: dict) -> special_tokens.Special:
    return special_tokens.load(folder, config, tokenizer_files.load(folder))


def test_second_end_of_a_chat_model(hf_model, tmp_path):
    folder = copy(hf_model("llama3"), tmp_path / "m")
    vocabulary = tokenizer_files.load(folder)
    end, turn = vocabulary.ids["<|eot_id|>"], vocabulary.ids["<|im_end|>"]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [end, turn, 9999]}))
    found = _special(folder, {})
    assert found.ids["eos"] == end and found.ids["eot"] == turn
    assert found.add == {"bos": True, "eos": False}


def test_config_stands_in_for_the_tokenizers_own_names(hf_model, tmp_path):
    folder = copy(hf_model("smollm"), tmp_path / "m", "tokenizer_config.json")
    found = _special(folder, {"bos_token_id": 5, "eos_token_id": [6, 7], "pad_token_id": 99999})
    assert (found.ids["bos"], found.ids["eos"]) == (5, 6) and "padding" not in found.ids
    assert found.add["bos"] is False


def test_chat_templates(hf_model, tmp_path):
    folder = copy(hf_model("smollm"), tmp_path / "m")
    named = [{"name": "default", "template": "A"}, {"name": "tool_use", "template": "B"}]
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": named}))
    assert _special(folder, {}).templates == {"": "A", "tool_use": "B"}
    (folder / "chat_template.jinja").write_text("C")
    assert _special(folder, {}).templates == {"": "C"}


def test_the_flag_tells_rows_with_the_same_expression_apart(hf_model):
    data = json.loads((hf_model("llama3") / "tokenizer.json").read_text(encoding="utf-8"))
    assert pretokenizers.name_of(data, "x") == "llama-bpe"
    data["model"]["ignore_merges"] = False
    assert pretokenizers.name_of(data, "x") == "smaug-bpe"


def test_the_runtime_knows_every_name(root):
    """A name that the runtime lacks would make a file that it refuses."""
    table = (root / "runtime_src/tokenizer/pretokenizer.c").read_text(encoding="utf-8")
    names = {name for line in table.split('{"')[1:] for name in line.split('"')[0].split()}
    assert {row.name for row in pretokenizers.ROWS} <= names


def test_tekken():
    """As Mistral Nemo's tokenizer.json spells it."""
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    start = r"[^\r\n\p{L}\p{N}]?"
    regex = (
        start + upper + "*" + lower + "+|" + start + upper + "+" + lower + r"*|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )  # fmt: skip
    split = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    plain = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    data = {
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, plain]},
        "model": {"ignore_merges": True},
    }
    assert pretokenizers.name_of(data, "x") == "tekken"
