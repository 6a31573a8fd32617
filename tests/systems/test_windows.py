# SPDX-License-Identifier: Apache-2.0
"""The file as a Windows program under Wine, by each name it may have."""

from __future__ import annotations

import shutil

import pytest

from tests.systems.conftest import ASK


@pytest.mark.parametrize("name", ["demo.exe", "demo.com", "my demo"])
def test_answers_under_wine(wine, demo, answer, tmp_path, name):
    program = tmp_path / name
    shutil.copy(demo, program)
    done = wine(program, *ASK)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.replace(b"\r\n", b"\n") == answer
