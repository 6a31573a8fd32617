# SPDX-License-Identifier: Apache-2.0
"""The payloads of all systems answer the same question with the same text."""

from __future__ import annotations

import pytest

from tests.foreign.build import FOREIGN

CPUS = {
    "x86_64": ["qemu64", "Nehalem", "Haswell"],
    "aarch64": ["cortex-a53", "cortex-a76", "max"],
}
MACHINES = [(arch, cpu) for arch, cpus in CPUS.items() for cpu in cpus]


@pytest.mark.parametrize("libc", ["musl", "gnu"])
def test_linux_on_this_processor(ask, payload, answer, libc):
    assert ask([payload(f"x86_64-linux-{libc}")]) == answer


@pytest.mark.parametrize(("arch", "cpu"), MACHINES, ids=lambda word: word)
def test_linux_on_other_processors(ask, payload, answer, qemu, arch, cpu):
    assert ask([*qemu(arch, cpu), payload(f"{arch}-linux-musl")]) == answer


@pytest.mark.parametrize("target", FOREIGN, ids=lambda target: target.name)
def test_foreign_systems(ask, payload, answer, foreign, target):
    assert ask([*foreign(target.name), payload(target.name)]) == answer
