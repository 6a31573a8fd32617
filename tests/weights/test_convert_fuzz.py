# SPDX-License-Identifier: Apache-2.0
"""Any value of any JSON file replaced by any other: an error of ours, or a GGUF that reads."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weights.convert import convert
from weights.errors import WeightsError
from weights.gguf import Gguf

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json")
JUNK = st.sampled_from(
    [None, True, 0, -1, 3, 1 << 70, 1.5, float("inf"), "", "x", "<s>", [], [0], ["x"], {}, {"a": 1}]
)


def paths(data: object, above: tuple = ()) -> list[tuple]:
    """The way to every value; of long lists and objects (vocabularies) only to the first few."""
    out = [above] if above else []
    if isinstance(data, (dict, list)):
        keys = list(data) if isinstance(data, dict) else range(len(data))
        for key in keys[:20]:
            out += paths(data[key], (*above, key))
    return out


@pytest.mark.parametrize("name", ["mha-spm", "llama3"])
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_junk_in_json(hf_model, tmp_path_factory, name, data):
    folder = Path(tmp_path_factory.getbasetemp()) / f"junk-{name}"
    if not folder.exists():
        shutil.copytree(hf_model(name), folder)
    file = data.draw(st.sampled_from(FILES))
    original = (folder / file).read_bytes()
    tree = json.loads(original)
    *way, last = data.draw(st.sampled_from(paths(tree)))
    place = tree
    for key in way:
        place = place[key]
    place[last] = data.draw(JUNK)
    (folder / file).write_text(json.dumps(tree), encoding="utf-8")
    try:
        with contextlib.suppress(WeightsError):
            convert(folder, folder / "out.gguf")
            Gguf(folder / "out.gguf")
    finally:
        (folder / file).write_bytes(original)
