# SPDX-License-Identifier: Apache-2.0
"""Trains reference tokenizers in the forms that models publish, and writes each as a GGUF."""

import functools
import json
from collections.abc import Callable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

from tests.data import corpus
from weights.gguf import Kind
from weights.gguf_writer import GgufWriter

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
CONTROLS = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
USERS = ("<tool>", "<tool>call", "   ")

Pre = pre_tokenizers.PreTokenizer


def _split(pattern: str) -> Pre:
    return pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False)


def _bytes(use_regex: bool = False) -> Pre:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def _chain(*patterns: str) -> Pre:
    return pre_tokenizers.Sequence([*map(_split, patterns), _bytes()])


# The patterns as the models' tokenizer.json files have them.
GPT4_END = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT4_START = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
LEAD = r"[^\r\n\p{L}\p{N}]?"
GPT4O_END = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CASES = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
ASCII_PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
PRE: dict[str, Callable[[], Pre]] = {
    "gpt-2": lambda: _bytes(use_regex=True),
    "smollm": lambda: pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), _bytes(use_regex=True)]
    ),
    "llama-bpe": lambda: _chain(rf"{GPT4_START}|\p{{N}}{{1,3}}|{GPT4_END}"),
    "qwen2": lambda: _chain(rf"{GPT4_START}|\p{{N}}|{GPT4_END}"),
    "tekken": lambda: _chain(rf"{LEAD}{UPPER}*{LOWER}+|{LEAD}{UPPER}+{LOWER}*|\p{{N}}|{GPT4O_END}"),
    "gpt-4o": lambda: _chain(
        rf"{LEAD}{UPPER}*{LOWER}+{CASES}|{LEAD}{UPPER}+{LOWER}*{CASES}|\p{{N}}{{1,3}}|{GPT4O_END}"
    ),
    "deepseek-coder": lambda: _chain(
        r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-\u9fa5\u0800-一가-\ud7ff]+", r"\p{N}"
    ),
    "deepseek-v3": lambda: _chain(
        r"\p{N}{1,3}",
        "[一-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        ASCII_PUNCTUATION + r"[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
}
IGNORES_MERGES = ("llama-bpe", "tekken")


def _added(names: tuple[str, ...], special: bool) -> list[AddedToken]:
    return [AddedToken(n, special=special, normalized=False) for n in names]


@functools.cache
def bpe(pre: str) -> Tokenizer:
    """A byte-level BPE tokenizer with that pre-tokenizer."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=pre in IGNORES_MERGES))
    tokenizer.pre_tokenizer = PRE[pre]()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(corpus.lines(), trainer)
    tokenizer.add_special_tokens(_added(CONTROLS, True))
    tokenizer.add_tokens(_added(USERS, False))
    return tokenizer


def write(
    path: Path,
    model: str,
    tokens: list[str],
    types: list[int],
    template: str | None = None,
    **more: object,
) -> Path:
    """A GGUF with a vocabulary and no tensors; `more` are further keys under tokenizer.ggml."""
    writer = GgufWriter()
    writer.add("general.architecture", "llama")
    writer.add("tokenizer.ggml.model", model)
    writer.add("tokenizer.ggml.tokens", tokens)
    writer.add("tokenizer.ggml.token_type", types, Kind.I32)
    if template is not None:
        writer.add("tokenizer.chat_template", template)
    for key, value in more.items():
        kind = Kind.F32 if key == "scores" else None
        writer.add(f"tokenizer.ggml.{key}", value, kind)
    writer.write(path)
    return path


def type_of(token: str) -> int:
    """The type of a token of `bpe`, by its name."""
    return CONTROL if token in CONTROLS else USER if token in USERS else NORMAL


def write_bpe(path: Path, pre: str, tokenizer: Tokenizer, **more: object) -> Path:
    """`tokenizer` as a GGUF."""
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    merges = [" ".join(m) for m in json.loads(tokenizer.to_str())["model"]["merges"]]
    types = [type_of(t) for t in tokens]
    ids = {"bos_token_id": tokens.index("<s>"), "eos_token_id": tokens.index("</s>")}
    return write(path, "gpt2", tokens, types, pre=pre, merges=merges, **ids, **more)
