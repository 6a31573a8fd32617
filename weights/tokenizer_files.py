# SPDX-License-Identifier: Apache-2.0
"""Reads a Hugging Face directory's tokenizer into what a GGUF holds.

Two families:
- SPM ("llama"): pieces with scores and byte fallback. From tokenizer.model if there is one, whose
  scores are the trained ones; else from tokenizer.json, where the order of ids stands in for them.
- Byte-level BPE ("gpt2"): tokens and merges from tokenizer.json.

Added tokens come from tokenizer.json, else from added_tokens.json. Other kinds of tokenizer
(WordPiece, Unigram) are refused.
"""

import re
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from weights import pretokenizers, spm_model
from weights.errors import ConvertError
from weights.jsonfile import load_json, load_json_if

MAX_TOKENS = 1 << 24  # the largest real vocabularies are near 2^18
SPACE = "\u2581"  # SPM writes a space so
BYTE_PIECE = re.compile(r"<0x[0-9A-F]{2}>")
ADDED_SCORE = -1000.0  # as llama.cpp gives to tokens that no merge makes


class TokenType(IntEnum):
    """tokenizer.ggml.token_type."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass
class Vocabulary:
    """The tokenizer, ready to be stored."""

    model: str  # "llama" or "gpt2"
    pre: str
    tokens: list[str]
    types: list[int]
    scores: list[float] | None = None
    merges: list[str] | None = None
    add_space_prefix: bool | None = None
    adds_bos: bool = False  # by the files' structure; tokenizer_config.json may say otherwise
    adds_eos: bool = False
    ids: dict[str, int] = field(default_factory=dict)

    def pad(self, size: int) -> None:
        """Grows to `size` rows: embeddings are often padded to a round number."""
        for i in range(len(self.tokens), size):
            self.tokens.append(f"[PAD{i}]")
            self.types.append(TokenType.UNUSED)
            if self.scores is not None:
                self.scores.append(ADDED_SCORE)


def load(folder: Path) -> Vocabulary:
    """The tokenizer of a directory."""
    path = folder / "tokenizer.json"
    data = load_json(path) if path.is_file() else None
    spm = data is None or _is_spm(data)
    vocabulary = _load_spm(folder, data) if spm else _load_bpe(path, data)
    vocabulary.ids = {token: i for i, token in enumerate(vocabulary.tokens)}
    return vocabulary


def _model(data: dict, path: Path) -> dict:
    model = data.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") != "BPE":
        kind = model.get("type") if isinstance(model, dict) else None
        raise ConvertError(f"{path}: tokenizer of type {kind}; only BPE converts")
    if not isinstance(model.get("vocab"), dict):
        raise ConvertError(f"{path}: the tokenizer has no vocabulary")
    return model


def _is_spm(data: dict) -> bool:
    model = data.get("model")
    return isinstance(model, dict) and bool(model.get("byte_fallback"))


def _by_id(data: dict, path: Path) -> tuple[list[str], list[int]]:
    """Tokens and types by id, added ones included; ids that nothing uses become UNUSED."""
    ids: dict[int, str] = {}
    for token, i in _model(data, path)["vocab"].items():
        _place(ids, i, token, path)
    types = dict.fromkeys(ids, TokenType.NORMAL)
    for added in data.get("added_tokens") or ():
        _place(ids, added.get("id"), added.get("content"), path)
        types[added["id"]] = TokenType.CONTROL if added.get("special") else TokenType.USER_DEFINED
    size = max(ids, default=-1) + 1
    tokens = [ids.get(i, f"[PAD{i}]") for i in range(size)]
    return tokens, [types.get(i, TokenType.UNUSED) for i in range(size)]


def _place(ids: dict[int, str], i: object, token: object, path: Path) -> None:
    if type(i) is not int or not 0 <= i < MAX_TOKENS or not isinstance(token, str):
        raise ConvertError(f"{path}: token {token!r} has the id {i!r}")
    if ids.setdefault(i, token) != token:
        raise ConvertError(f"{path}: tokens {ids[i]!r} and {token!r} share the id {i}")


def _load_bpe(path: Path, data: dict) -> Vocabulary:
    pre = pretokenizers.name_of({**data, "model": _model(data, path)}, path)
    tokens, types = _by_id(data, path)
    vocabulary = Vocabulary("gpt2", pre, tokens, types)
    vocabulary.merges = [_merge(m, path) for m in data["model"].get("merges") or ()]
    vocabulary.adds_bos, vocabulary.adds_eos = _template(data.get("post_processor"))
    return vocabulary


def _merge(merge: object, path: Path) -> str:
    """One merge as GGUF wants it: two byte-level texts (which hold no space), space between."""
    parts = merge.split(" ") if isinstance(merge, str) else merge
    if not isinstance(parts, list) or len(parts) != 2 or any(" " in str(p) for p in parts):
        raise ConvertError(f"{path}: malformed merge {merge!r}")
    return " ".join(parts)


def _template(node: object) -> tuple[bool, bool]:
    """Whether the post-processor puts a special token before and after a text."""
    if not isinstance(node, dict):
        return False, False
    if node.get("type") == "Sequence":
        found = [_template(child) for child in node.get("processors", ())]
        return any(f for f, _ in found), any(last for _, last in found)
    single = node.get("single") if node.get("type") == "TemplateProcessing" else None
    if not single:
        return False, False
    return "SpecialToken" in single[0], "SpecialToken" in single[-1]


def _load_spm(folder: Path, data: dict | None) -> Vocabulary:
    model_path, json_path = folder / "tokenizer.model", folder / "tokenizer.json"
    if data is None and not model_path.is_file():
        raise ConvertError(f"{folder}: no tokenizer.json and no tokenizer.model")
    vocabulary = Vocabulary("llama", "default", [], [], [], add_space_prefix=True, adds_bos=True)
    if data is not None:
        _fill_from_json(vocabulary, data, json_path)
    if model_path.is_file():
        _fill_from_model(vocabulary, spm_model.load(model_path), model_path, data is None)
    if data is None:
        _fill_added(vocabulary, load_json_if(folder / "added_tokens.json"), folder)
    return vocabulary


def _fill_from_json(vocabulary: Vocabulary, data: dict, path: Path) -> None:
    tokens, types = _by_id(data, path)
    unknown = data["model"].get("unk_token")
    for i, token in enumerate(tokens):
        if token == unknown:
            types[i] = TokenType.UNKNOWN
        elif BYTE_PIECE.fullmatch(token):
            types[i] = TokenType.BYTE
        elif types[i] == TokenType.USER_DEFINED:
            tokens[i] = token.replace(SPACE, " ")  # these are looked for in the text as it came
    ranked = (TokenType.NORMAL, TokenType.BYTE)
    vocabulary.tokens, vocabulary.types = tokens, types
    vocabulary.scores = [float(-i) if t in ranked else ADDED_SCORE for i, t in enumerate(types)]
    vocabulary.adds_bos, vocabulary.adds_eos = _template(data.get("post_processor"))
    vocabulary.add_space_prefix = _adds_space(data)


def _adds_space(data: dict) -> bool:
    """Old files prepend in the normalizer, newer ones in a Metaspace pre-tokenizer."""
    for part, children in (("normalizer", "normalizers"), ("pre_tokenizer", "pretokenizers")):
        node = data.get(part) or {}
        for step in node.get(children, (node,)):
            if step.get("type") == "Prepend":
                return True
            if step.get("type") == "Metaspace":
                return step.get("prepend_scheme", "always") != "never"
    return False


def _fill_from_model(
    vocabulary: Vocabulary, model: spm_model.SpmModel, path: Path, alone: bool
) -> None:
    """Takes scores from the model, and all the rest too if there is no tokenizer.json."""
    if alone:
        vocabulary.tokens, vocabulary.types = list(model.pieces), list(model.types)
        vocabulary.scores = list(model.scores)
        vocabulary.add_space_prefix = model.add_dummy_prefix
        return
    pieces = zip(model.pieces, model.scores, strict=True)
    for i, (piece, score) in enumerate(pieces):
        if i >= len(vocabulary.tokens):
            raise ConvertError(f"{path}: has more tokens than tokenizer.json")
        # Models rename reserved pieces in tokenizer.json; those keep their own score.
        if vocabulary.tokens[i] == piece:
            vocabulary.scores[i] = score


def _fill_added(vocabulary: Vocabulary, added: dict, folder: Path) -> None:
    """Appends added_tokens.json; tokenizer_config.json tells which of them are special."""
    config = load_json_if(folder / "tokenizer_config.json").get("added_tokens_decoder") or {}
    special = {t.get("content") for t in config.values() if t.get("special")}
    for token, i in sorted(added.items(), key=lambda item: item[1]):
        if i < len(vocabulary.tokens):
            continue
        vocabulary.pad(i)
        vocabulary.tokens.append(token)
        kind = TokenType.CONTROL if token in special else TokenType.USER_DEFINED
        vocabulary.types.append(kind)
        vocabulary.scores.append(ADDED_SCORE)
