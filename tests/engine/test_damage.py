# SPDX-License-Identifier: Apache-2.0
"""Randomly damaged models: refused or evaluated, never a crash."""

import subprocess


def test_random_damage(ctest, tiny):
    command = [ctest("fuzz/fuzz_engine"), "1000", tiny("bias", "q8_0")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
