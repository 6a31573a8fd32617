# SPDX-License-Identifier: Apache-2.0
"""The metadata of a converted model: general.*, the architecture's numbers, tokenizer.*."""

import re
from pathlib import Path

from weights import special_tokens, tokenizer_files
from weights.architectures import Architecture
from weights.errors import ConvertError
from weights.gguf import Kind
from weights.gguf_writer import GgufWriter
from weights.quants import TensorType

QUANTIZATION_VERSION = 2  # of the block formats, as ggml counts them


def number(row: Architecture, key: str, config: dict, path: Path) -> int | float:
    """The value of the row's metadata `key`, checked."""
    rule = next(n for n in row.numbers if n.key == key)
    for name in rule.config:
        value = config.get(name)
        if value is None:
            continue
        whole = type(value) is int and 0 < value < 1 << 32
        if whole or (rule.kind is Kind.F32 and type(value) is float and 0 < value < float("inf")):
            return value
        raise ConvertError(f"{path}: {name} is {value!r}")
    raise ConvertError(f"{path}: {rule.config[0]} is missing")


def add_model(
    writer: GgufWriter, row: Architecture, config: dict, path: Path, wanted: TensorType
) -> list[str]:
    """Adds what describes the model; returns notes for the user."""
    writer.add("general.architecture", row.gguf)
    writer.add("general.type", "model")
    writer.add("general.name", _model_name(config, path.parent))
    writer.add("general.file_type", wanted.file_type)
    writer.add("general.quantization_version", QUANTIZATION_VERSION)
    notes = []
    for rule in row.numbers:
        value = number(row, rule.key, config, path)
        if rule.key == "context_length":
            window = config.get("sliding_window")
            if type(window) is int and 0 < window < value:
                notes.append(f"context limited to {window}, the model's sliding window")
                value = window
        writer.add(f"{row.gguf}.{rule.key}", value, rule.kind)
    return notes


def _model_name(config: dict, folder: Path) -> str:
    """The last part of the repository's name, else the directory's."""
    name = str(config.get("_name_or_path") or folder.resolve().name)
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1] or "model"


def add_vocabulary(writer: GgufWriter, folder: Path, config: dict, rows: int) -> None:
    """Adds the tokenizer, padded to the rows of the embedding table."""
    try:
        vocabulary = tokenizer_files.load(folder)
        special = special_tokens.load(folder, config, vocabulary)
    except (AttributeError, IndexError, KeyError, TypeError, UnicodeDecodeError) as error:
        # JSON of another shape than every known file's: what was found is not what is asked.
        raise ConvertError(f"{folder}: malformed tokenizer files: {error}") from error
    if len(vocabulary.tokens) > rows:
        raise ConvertError(
            f"{folder}: the tokenizer has {len(vocabulary.tokens)} tokens, the model {rows} rows"
        )
    vocabulary.pad(rows)
    writer.add(f"{writer.metadata['general.architecture'].data}.vocab_size", rows)
    ggml = "tokenizer.ggml."
    writer.add(ggml + "model", vocabulary.model)
    writer.add(ggml + "pre", vocabulary.pre)
    writer.add(ggml + "tokens", vocabulary.tokens, Kind.STRING)
    if vocabulary.scores is not None:
        writer.add(ggml + "scores", vocabulary.scores, Kind.F32)
    writer.add(ggml + "token_type", vocabulary.types, Kind.I32)
    if vocabulary.merges is not None:
        writer.add(ggml + "merges", vocabulary.merges, Kind.STRING)
    for role, id_ in special.ids.items():
        writer.add(f"{ggml}{role}_token_id", id_)
    for role, wanted in special.add.items():
        writer.add(f"{ggml}add_{role}_token", wanted)
    if vocabulary.add_space_prefix is not None:
        writer.add(ggml + "add_space_prefix", vocabulary.add_space_prefix)
    _add_templates(writer, special.templates)


def _add_templates(writer: GgufWriter, templates: dict[str, str]) -> None:
    named = sorted(name for name in templates if name)
    if named:
        writer.add("tokenizer.chat_templates", named)
    for name in ["", *named]:
        if name in templates:
            key = "tokenizer.chat_template" + (f".{name}" if name else "")
            writer.add(key, templates[name])
