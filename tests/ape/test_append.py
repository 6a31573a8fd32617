# SPDX-License-Identifier: Apache-2.0
"""Users pack their weights with zipalign; what was linked stays where it was and still starts."""

from __future__ import annotations

import shutil

import pytest

from ape import check, image
from tests.ape.conftest import HELLO, cached
from zipalign import cli as zipalign


@pytest.fixture
def packed(polyglot, tmp_path):
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(bytes(range(256)) * 1000)
    arguments = tmp_path / ".args"
    arguments.write_text("-m\nweights.gguf\n")
    out = tmp_path / "out.com"
    shutil.copy(polyglot, out)
    assert zipalign.main(["-j0", str(out), str(weights), str(arguments)]) == 0
    return out


def test_check_passes(packed, polyglot):
    assert check.broken_rules(packed) == []
    before = {m.name: m.data_offset for m in image.read(polyglot).members}
    after = {m.name: m.data_offset for m in image.read(packed).members}
    assert {name: after[name] for name in before} == before
    assert after["weights.gguf"] % 65536 == 0


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_it_starts(shell, packed, start):
    process = start([*shell.split(), packed, "x"])
    assert process.returncode == 0
    assert process.stdout.endswith("entry=" + HELLO.decode())


def test_same_cache_for_the_same_programs(packed, polyglot, start):
    """A copy with other weights uses the program that is there."""
    start(["dash", polyglot])
    before = [path.stat().st_ino for path in cached(start.home)]
    start(["dash", packed])
    assert [path.stat().st_ino for path in cached(start.home)] == before
    assert len(before) == 1
