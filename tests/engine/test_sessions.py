# SPDX-License-Identifier: Apache-2.0
"""Neither threads nor the way a timeline is evaluated show in a single bit of the logits."""

import numpy as np
import pytest

from tests.data.cases import by_name, prompt

TYPES = ("f32", "f16", "bf16", "q8_0", "q4_0")


@pytest.mark.parametrize("type_name", TYPES)
def test_threads(engine, tiny, type_name):
    path, ids = tiny("llama3", type_name), prompt(by_name("llama3"))
    first, *others = (engine.logits(path, ids, threads=n) for n in (1, 2, 3, 4))
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("type_name", TYPES)
def test_parts(engine, tiny, type_name):
    path, ids = tiny("smollm", type_name), prompt(by_name("smollm"), 600)
    whole = engine.logits(path, ids, context=600)
    for split in (1, 7, 255, 257):
        assert np.array_equal(engine.logits(path, ids, context=700, split=split), whole)


@pytest.mark.parametrize("first", [1, 256, 257, 600])
def test_only_the_last_logits(engine, tiny, first):
    """Without a callback the last layer skips what nobody reads; then single tokens follow."""
    path, ids = tiny("llama3-tied", "q8_0"), prompt(by_name("llama3-tied"), 600)
    whole = engine.logits(path, ids, context=600)
    assert np.array_equal(engine.logits(path, ids, context=600, split=-first), whole[first - 1 :])


@pytest.mark.parametrize("type_name", ["f32", "q8_0"])
def test_rules(engine, tiny, type_name):
    assert engine.run("rules", tiny("bias", type_name)) == (0, "rules: all kept\n")
