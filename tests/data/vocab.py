# SPDX-License-Identifier: Apache-2.0
"""Trains the small vocabularies of the tiny models, in the forms that real models come in.

SPM: `sentencepiece` trains tokenizer.model; tokenizer.json is derived from it. Byte-level BPE:
`tokenizers` trains tokenizer.json. Each Vocabulary also carries what a GGUF must hold, taken from
the trainer and not from the files, so that tests can compare the converter with it.
"""

import io
import json
from dataclasses import dataclass, field

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from tests.data import corpus

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
SPACE = "\u2581"  # how SPM writes a space

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content']"
    " + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")


@dataclass(frozen=True)
class Vocabulary:
    """Tokens as a GGUF holds them, and the tokenizer's files for a Hugging Face directory."""

    model: str  # tokenizer.ggml.model
    pre: str  # tokenizer.ggml.pre
    tokens: list[str]
    types: list[int]
    bos: str
    eos: str
    scores: list[float] | None = None
    merges: list[str] | None = None
    add_bos: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    template: str = CHATML

    def id(self, token: str) -> int:
        """The id of a token."""
        return self.tokens.index(token)


def spm(size: int, extra: tuple[str, ...] = ("<|im_start|>", "<|im_end|>")) -> Vocabulary:
    """A Llama-2-like vocabulary: BPE with byte fallback, dummy prefix, digits apart."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus.lines()),
        model_writer=out,
        model_type="bpe",
        vocab_size=size,
        byte_fallback=True,
        split_digits=True,
        allow_whitespace_only_pieces=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        character_coverage=0.995,
        user_defined_symbols=list(extra),
        num_threads=1,
        minloglevel=2,
    )
    model = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    ids = range(model.vocab_size())
    tokens = [model.id_to_piece(i) for i in ids]
    types = [_spm_type(model, i, tokens[i] in extra) for i in ids]
    scores = [model.get_score(i) for i in ids]
    files = {
        "tokenizer.model": out.getvalue(),
        "tokenizer.json": _json(_spm_json(tokens, types, scores)),
    }
    return Vocabulary("llama", "default", tokens, types, "<s>", "</s>", scores, files=files)


def _spm_type(model: sentencepiece.SentencePieceProcessor, i: int, user: bool) -> int:
    if model.is_unknown(i):
        return UNKNOWN
    if model.is_control(i):
        return CONTROL
    if model.is_byte(i):
        return BYTE
    return USER if user else NORMAL


def _spm_merges(tokens: list[str], types: list[int], scores: list[float]) -> list[list[str]]:
    """Every way to build a piece from two others; the earlier piece wins, as in sentencepiece."""
    rank = {t: i for i, t in enumerate(tokens) if types[i] == NORMAL}
    merges = []
    for token in rank:
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in rank and right in rank:
                merges.append((-scores[rank[token]], rank[left], rank[right], left, right))
    return [[left, right] for *_, left, right in sorted(merges)]


def _spm_json(tokens: list[str], types: list[int], scores: list[float]) -> dict:
    added = [
        {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": types[i] != USER}
        for i, t in enumerate(tokens) if types[i] in (UNKNOWN, CONTROL, USER)
    ]  # fmt: skip
    bos = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    text_a = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": SPACE},
            {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}]},
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing", "single": [bos, text_a],
            "pair": [bos, text_a, bos, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                "<s>": {"id": "<s>", "ids": [tokens.index("<s>")], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>",
            "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
            "byte_fallback": True, "ignore_merges": False,
            "vocab": {t: i for i, t in enumerate(tokens)},
            "merges": _spm_merges(tokens, types, scores)},
    }  # fmt: skip


def _pre_tokenizer(pre: str) -> pre_tokenizers.PreTokenizer:
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    split = {"llama-bpe": LLAMA3_SPLIT, "qwen2": QWEN2_SPLIT}.get(pre)
    if split:
        first = pre_tokenizers.Split(Regex(split), behavior="isolated", invert=False)
        return pre_tokenizers.Sequence([first, plain])
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if pre == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2])
    assert pre == "gpt-2"
    return gpt2


def bpe(
    pre: str,
    size: int,
    bos: str,
    eos: str,
    special: tuple[str, ...] = ("<|im_start|>", "<|im_end|>"),
    add_bos: bool = False,
) -> Vocabulary:
    """A byte-level BPE vocabulary with the named pre-tokenizer; specials come last."""
    names = list(dict.fromkeys((bos, eos, *special)))
    tokenizer = Tokenizer(models.BPE(ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = _pre_tokenizer(pre)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(names) - 1,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus.lines(), trainer)
    tokenizer.add_special_tokens(names)
    # An added token that is not special: ordinary text, but never split.
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False)])
    data = json.loads(tokenizer.to_str())
    if add_bos:
        data["post_processor"] = _bos_processor(bos, tokenizer.token_to_id(bos))
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    assert len(tokens) == size, (len(tokens), size)
    types = [CONTROL if t in names else USER if t == "<tool>" else NORMAL for t in tokens]
    merges = [" ".join(pair) for pair in data["model"]["merges"]]
    return Vocabulary(
        "gpt2", pre, tokens, types, bos, eos, None, merges, add_bos,
        {"tokenizer.json": _json(data)},
    )  # fmt: skip


def _bos_processor(bos: str, id_: int) -> dict:
    start = {"SpecialToken": {"id": bos, "type_id": 0}}
    return {
        "type": "Sequence",
        "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
             "use_regex": True},
            {"type": "TemplateProcessing",
             "single": [start, {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [start, {"Sequence": {"id": "A", "type_id": 0}},
                      start, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {bos: {"id": bos, "ids": [id_], "tokens": [bos]}}},
        ],
    }  # fmt: skip


def _json(data: dict) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()
