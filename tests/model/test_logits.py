# SPDX-License-Identifier: Apache-2.0
"""The engine's logits against Hugging Face transformers (tests/oracle/recipe.py)."""

import numpy as np
import pytest

from tests.data.cases import CASES, by_name

NAMES = [case.name for case in CASES]
STEP = 4  # goldens of the types other than F32 hold every fourth position

F32_NMSE = 1e-9
# The engine may round inputs to the type of the weights (F16), or must not (BF16).
HALF_NMSE = 1e-5
# Rounding the inputs of all matrices to Q8_0 costs transformers itself 4.5e-4 to 1.2e-3; the
# goldens hold the exact figure per model and type. Engines may round in another order, so allow
# this much of it.
COST_FACTOR = 1.5


def nmse(got: np.ndarray, wanted: np.ndarray) -> float:
    wanted = wanted.astype(np.float64)
    return float(((got - wanted) ** 2).sum() / (wanted**2).sum())


@pytest.mark.parametrize("name", NAMES)
def test_f32(name, golden, tiny, logits):
    wanted = golden(name)
    got = logits(tiny(name), wanted["prompt"].tolist())
    assert got.shape == (40, by_name(name).n_vocab)
    assert nmse(got, wanted["f32"]) <= F32_NMSE


@pytest.mark.parametrize("name", NAMES)
def test_greedy_64(name, golden, tiny, logits):
    """Given the first n of the 64 tokens it picks the next one, for each n: so it picks all."""
    arrays = golden(name)
    prompt, greedy = arrays["prompt"].tolist(), arrays["greedy"].tolist()
    got = logits(tiny(name), prompt + greedy[:-1])
    assert got[len(prompt) - 1 :].argmax(axis=1).tolist() == greedy


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("type_name", ["f16", "bf16"])
def test_half_types(name, type_name, golden, tiny, logits):
    wanted = golden(name)
    got = logits(tiny(name, type_name), wanted["prompt"].tolist())
    assert nmse(got[::STEP], wanted[type_name]) <= HALF_NMSE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("type_name", ["q8_0", "q4_0"])
def test_block_types(name, type_name, golden, tiny, logits):
    wanted = golden(name)
    got = logits(tiny(name, type_name), wanted["prompt"].tolist())
    assert nmse(got[::STEP], wanted[type_name]) <= COST_FACTOR * wanted[f"{type_name}_cost"]


def test_gguf_version_2(golden, tiny, logits):
    prompt = golden("mha-spm")["prompt"].tolist()
    new, old = logits(tiny("mha-spm"), prompt), logits(tiny("mha-spm", version=2), prompt)
    assert np.array_equal(new, old)


@pytest.mark.parametrize("type_name", ["f32", "f16", "bf16", "q8_0", "q4_0"])
def test_threads_do_not_matter(type_name, golden, tiny, logits):
    prompt = golden("llama3")["prompt"].tolist()
    first, *others = (logits(tiny("llama3", type_name), prompt, "-t", n) for n in "1237")
    assert all(np.array_equal(first, other) for other in others)


def test_a_prompt_in_parts_is_the_same(golden, tiny, logits):
    """The batch of a position must not show in its logits: every prefix gives the same rows."""
    prompt = golden("mistral")["prompt"].tolist()
    whole = logits(tiny("mistral"), prompt)
    for length in (1, 2, 3, 17, 33):
        assert np.array_equal(logits(tiny("mistral"), prompt[:length]), whole[:length])
