# SPDX-License-Identifier: Apache-2.0
"""Which tokens begin and end things, and the chat template, from a Hugging Face directory.

Where files disagree, tokenizer_config.json (what the tokenizer does) wins over config.json (what
the model was trained with); the list in generation_config.json tells a chat model's second end.
"""

from dataclasses import dataclass, field
from pathlib import Path

from weights.errors import ConvertError
from weights.jsonfile import load_json_if
from weights.tokenizer_files import TokenType, Vocabulary

ROLES = ("bos", "eos", "unknown", "padding")
HF_NAMES = {"unknown": "unk", "padding": "pad"}


@dataclass
class Special:
    """Ids by role, flags by role, and templates: the default has the name ""."""

    ids: dict[str, int] = field(default_factory=dict)
    add: dict[str, bool] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)


def load(folder: Path, config: dict, vocabulary: Vocabulary) -> Special:
    """Everything that the directory says about special tokens."""
    tokenizer = load_json_if(folder / "tokenizer_config.json")
    generation = load_json_if(folder / "generation_config.json")
    out = Special(templates=_templates(folder, tokenizer))
    for role in ROLES:
        name = HF_NAMES.get(role, role)
        id_ = _id(tokenizer.get(f"{name}_token"), vocabulary)
        if id_ is None and role != "unknown":
            id_ = _first(config.get(f"{name}_token_id"), vocabulary)
        if id_ is not None:
            out.ids[role] = id_
    if "unknown" not in out.ids and TokenType.UNKNOWN in vocabulary.types:
        out.ids["unknown"] = vocabulary.types.index(TokenType.UNKNOWN)
    ends = generation.get("eos_token_id")
    for end in ends if isinstance(ends, list) else [ends]:
        if type(end) is int and 0 <= end < len(vocabulary.tokens) and end != out.ids.get("eos"):
            out.ids.setdefault("eot", end)
    for role, structure in (("bos", vocabulary.adds_bos), ("eos", vocabulary.adds_eos)):
        explicit = tokenizer.get(f"add_{role}_token")
        # A flag is of no use without the token that it is about.
        wanted = explicit if isinstance(explicit, bool) else structure
        out.add[role] = wanted and role in out.ids
    return out


def _id(token: object, vocabulary: Vocabulary) -> int | None:
    """The id of "<s>" or of {"content": "<s>", ...}."""
    text = token.get("content") if isinstance(token, dict) else token
    return vocabulary.ids.get(text) if isinstance(text, str) else None


def _first(value: object, vocabulary: Vocabulary) -> int | None:
    """An id or a list of them, as config.json gives it."""
    value = value[0] if isinstance(value, list) and value else value
    return value if type(value) is int and 0 <= value < len(vocabulary.tokens) else None


def _templates(folder: Path, tokenizer: dict) -> dict[str, str]:
    path = folder / "chat_template.jinja"
    if path.is_file():
        return {"": path.read_text(encoding="utf-8")}
    found = tokenizer.get("chat_template")
    if found is None:
        return {}
    entries = [{"name": "default", "template": found}] if isinstance(found, str) else found
    try:
        named = {str(e["name"]): e["template"] for e in entries}
    except (KeyError, TypeError):
        named = {"": None}
    if not all(isinstance(text, str) for text in named.values()):
        raise ConvertError(f"{folder}: malformed chat_template in tokenizer_config.json")
    return {"" if name == "default" else name: text for name, text in named.items()}
