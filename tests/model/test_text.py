# SPDX-License-Identifier: Apache-2.0
"""Text in, text out: what the command line prints is what transformers would have said."""

import re
import subprocess

import pytest
from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer

from tests.data.cases import CASES, by_name
from tests.data.vocab import CONTROL, UNKNOWN, Vocabulary
from tests.oracle.text import TEXT


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_greedy_text(name, golden, tiny, engine):
    vocabulary = by_name(name).vocabulary()
    ids = golden(name)["text_greedy"].tolist()
    # Up to the first token that is not text; the recipe sees to it that there are enough.
    plain = {i for i, kind in enumerate(vocabulary.types) if kind not in (CONTROL, UNKNOWN)}
    count = next((i for i, id_ in enumerate(ids) if id_ not in plain), len(ids))
    assert count >= 10
    words = [engine, "-m", tiny(name), "--cli", "--raw", "--temp", "0", "-p", TEXT]
    done = subprocess.run([*words, "-n", str(count)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert same(done.stdout.decode("utf-8")) == same(continuation(vocabulary, ids[:count]))


def same(text: str) -> str:
    """Without what may differ: a line end at the end, how many marks stand for broken bytes."""
    return re.sub("\ufffd+", "\ufffd", text).removesuffix("\n")


def continuation(vocabulary: Vocabulary, ids: list[int]) -> str:
    """The text of ids that follow something: SPM's decoder strips a space from a start only."""
    if "tokenizer.model" in vocabulary.files:
        # Not `tokenizers`, which marks every byte of a run that holds one broken byte.
        model = SentencePieceProcessor(model_proto=vocabulary.files["tokenizer.model"])
        start, decode = model.encode("a"), model.decode
    else:
        model = Tokenizer.from_str(vocabulary.files["tokenizer.json"].decode())
        start, decode = model.encode("a", add_special_tokens=False).ids, model.decode
    return decode(start + ids)[len(decode(start)) :]
