# SPDX-License-Identifier: Apache-2.0
"""Every kernel row that this processor can run gives the reference's numbers."""

import subprocess

import pytest

from tests.data.make_models import TYPES
from tests.model.test_logits import COST_FACTOR, F32_NMSE, HALF_NMSE, STEP, nmse

# Newest first: without each, the next older row is chosen.
FEATURES = {"x86_64": ("vnni", "avx512", "avx2", "avx", "ssse3"), "aarch64": ("i8mm", "dotprod")}


def bound(type_name: str, golden: dict) -> float:
    if type_name == "f32":
        return F32_NMSE
    cost = golden.get(f"{type_name}_cost")
    return HALF_NMSE if cost is None else COST_FACTOR * cost


def row_name(engine, model, options: list[str]) -> str:
    words = [engine, "-m", model, "--tokenize", "-p", "a", "--verbose", *options]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    return next(word for line in told.splitlines() if " kernels, " in line
                for word in line.removeprefix("llamafile: ").split()[:1])  # fmt: skip


@pytest.mark.parametrize("name", ["llama3", "smollm"])
def test_rows(name, golden, tiny, engine, logits):
    arrays = golden(name)
    rows = []
    arch = engine.parent.name.split("-")[0]
    for without in range(len(FEATURES[arch]) + 1):
        names = ",".join(FEATURES[arch][:without])
        options = ["--disable-cpu", names] if names else []
        row = row_name(engine, tiny(name), options)
        if row in rows:
            continue  # this processor lacks the feature anyway
        rows.append(row)
        for type_name in TYPES:
            got = logits(tiny(name, type_name), arrays["prompt"].tolist(), *options)
            wanted = arrays[type_name]
            got = got if type_name == "f32" else got[::STEP]
            error = nmse(got, wanted)
            assert error <= bound(type_name, arrays), (row, type_name, error)
    assert rows[-1] in ("sse2", "neon")
