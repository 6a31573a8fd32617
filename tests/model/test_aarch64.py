# SPDX-License-Identifier: Apache-2.0
"""The kernel rows of ARM processors, played by qemu, give the reference's numbers.

Emulated arithmetic is slow, and attention looks back only: a short part of the prompt does.
"""

import platform
import subprocess

import numpy as np
import pytest

from tests.data.make_models import TYPES
from tests.model.test_logits import STEP, nmse
from tests.model.test_rows import bound

POSITIONS = 9
# processor -> the row that it gets
CPUS = {"cortex-a53": "neon", "cortex-a76": "dotprod", "max": "i8mm"}

pytestmark = pytest.mark.skipif(
    platform.machine() in ("aarch64", "arm64"), reason="test_rows.py runs them natively"
)


@pytest.mark.parametrize("cpu", CPUS)
def test_emulated(cpu, golden, tiny, executable, qemu, tmp_path):
    command = [*qemu("aarch64", cpu), executable("aarch64-linux-musl")]
    arrays = golden("llama3")
    ids = ",".join(map(str, arrays["prompt"][:POSITIONS]))
    out = tmp_path / "logits.npy"
    for type_name in TYPES:
        words = ["-m", tiny("llama3", type_name), "--logits", out, "--tokens", ids, "--verbose"]
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f" {CPUS[cpu]} kernels, " in done.stderr
        got, wanted = np.load(out), arrays[type_name][:POSITIONS]
        if type_name != "f32":
            got, wanted = got[::STEP], arrays[type_name][: len(range(0, POSITIONS, STEP))]
        # Of few positions the share of the cost may be another: twice as much is fine.
        assert nmse(got, wanted) <= 2 * bound(type_name, arrays), type_name
