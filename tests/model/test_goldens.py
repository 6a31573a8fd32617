# SPDX-License-Identifier: Apache-2.0
"""The goldens are what the recipe computes, today and with this version of transformers."""

import numpy as np
import pytest

from tests.data.cases import CASES
from tests.model.conftest import GOLDENS

NAMES = [case.name for case in CASES]
# Processors add in different orders: this much of the mean square may differ, no more.
MAX_NMSE = 1e-11
LEAD = 0.005  # far above what float32 rounding can move


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_recipe_gives_the_goldens(case, golden, requires_tool):
    requires_tool("torch")
    from tests.oracle import recipe

    committed, computed = golden(case.name), recipe.compute(case)
    assert computed.keys() == committed.keys()
    for name in ("prompt", "greedy", "text_greedy"):
        assert np.array_equal(computed[name], committed[name]), name
    assert recipe.nmse(computed["f32"], committed["f32"]) <= MAX_NMSE
    for name in ("f16", "bf16", "q8_0", "q4_0"):
        # Stored as float16, whose own last bit may flip.
        assert recipe.nmse(computed[name], committed[name]) <= 1e-7, name
    for name in ("q8_0_cost", "q4_0_cost"):
        assert computed[name] == pytest.approx(committed[name], rel=0.05)


def test_there_is_a_golden_for_every_case():
    assert sorted(path.stem for path in GOLDENS.glob("*.npz")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_greedy_decoding_is_decided(golden, name):
    """A greedy token that wins by a hair, or a loop of two, would test nothing."""
    arrays = golden(name)
    assert arrays["lead"] >= LEAD
    assert len(set(arrays["greedy"].tolist())) >= 40
