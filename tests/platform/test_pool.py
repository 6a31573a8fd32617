# SPDX-License-Identifier: Apache-2.0
"""The pool of threads: check_pool.c says what it promises."""

import subprocess


def test_pool(ctest):
    command = [ctest("platform/check_pool")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "check_pool: all passed\n")
