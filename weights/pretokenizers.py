# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE pre-tokenizers: how tokenizer.json describes each, and GGUF's name for it.

GGUF stores a name (tokenizer.ggml.pre) and leaves the rule to the runtime. We find the name by the
structure that tokenizer.json spells out: its steps, the regular expression, and ignore_merges (a
word that is a token stays whole whatever the merges say).
"""

from dataclasses import dataclass

from weights.errors import ConvertError

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORDS = r"|[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = _CONTRACTIONS + _WORDS + r"|\p{N}{1,3}" + _REST
QWEN2 = _CONTRACTIONS + _WORDS + r"|\p{N}" + _REST
# Words split where lower case turns to upper: Mistral Nemo and its successors.
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*"
    r"|\p{N}" + _REST.replace("[\\r\\n]*", "[\\r\\n/]*", 1)
)

Step = tuple[object, ...]


@dataclass(frozen=True)
class PreTokenizer:
    """A row: the steps in front of the mapping of bytes to letters."""

    name: str
    steps: tuple[Step, ...]
    ignore_merges: bool = False


GPT2_WORDS = ("gpt2 words",)  # ByteLevel with use_regex: GPT-2's own expression, built in

ROWS = (
    PreTokenizer("llama-bpe", (("split", LLAMA3),), ignore_merges=True),
    PreTokenizer("smaug-bpe", (("split", LLAMA3),)),
    PreTokenizer("qwen2", (("split", QWEN2),)),
    PreTokenizer("tekken", (("split", TEKKEN),), ignore_merges=True),
    PreTokenizer("smollm", (("digits",), GPT2_WORDS)),
    PreTokenizer("gpt-2", (GPT2_WORDS,)),
)


def _steps(node: dict) -> list[Step]:
    kind = node.get("type")
    if kind == "Sequence":
        return [step for child in node.get("pretokenizers", ()) for step in _steps(child)]
    if kind == "ByteLevel" and not node.get("add_prefix_space"):
        return [GPT2_WORDS] if node.get("use_regex", True) else []
    if kind == "Digits" and node.get("individual_digits"):
        return [("digits",)]
    if kind == "Split" and node.get("behavior") == "Isolated" and not node.get("invert"):
        pattern = node.get("pattern", {})
        if "Regex" in pattern:
            return [("split", pattern["Regex"])]
    return [("unknown", str(node))]


def name_of(tokenizer: dict, path: object) -> str:
    """GGUF's name for the pre-tokenizer of a tokenizer.json; ConvertError when it has no row."""
    steps = tuple(_steps(tokenizer.get("pre_tokenizer") or {}))
    ignore = bool(tokenizer["model"].get("ignore_merges"))
    same = [row for row in ROWS if row.steps == steps]
    # Of several rows with the same steps the flag decides; a single one stands for both.
    exact = [row for row in same if row.ignore_merges == ignore] or same[:1]
    if not exact:
        what = "; ".join(" ".join(map(str, step)) for step in steps)
        raise ConvertError(f"{path}: unknown pre-tokenizer: {what}")
    return exact[0].name
