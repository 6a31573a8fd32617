# SPDX-License-Identifier: Apache-2.0
"""Every ISA row against the reference row: natively, and on the CPUs that qemu can play.

An object compiled with flags above its row dies of an illegal instruction under a CPU that lacks
them, which is how leaked flags are caught.
"""

from __future__ import annotations

import subprocess

import pytest

# cpu model -> the rows that must run on it, the chosen one first
X86 = {
    "qemu64": ["sse2"],  # SSE3, what every emulator has
    "Conroe": ["ssse3", "sse2"],
    "SandyBridge": ["avx", "ssse3", "sse2"],
    "Haswell": ["avx2", "avx", "ssse3", "sse2"],
    "max,-fma": ["avx", "ssse3", "sse2"],  # AVX2 without FMA is not a row
}
ARM = {
    "cortex-a53": ["neon"],
    "cortex-a76": ["dotprod", "neon"],
    "max": ["i8mm", "dotprod", "neon"],
}


PROGRAMS = ["check_mul", "check_ops"]


def rows(command) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join([*lines[-10:], done.stderr])
    assert ": all " in lines[-1]
    return [line.split()[1] for line in lines if line.startswith("row ")]


@pytest.mark.parametrize("seed", ["1", "2", "3"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_rows_of_this_machine(ctest, program, seed):
    assert rows([ctest(f"kernels/{program}"), seed])[-1] in ("sse2", "neon")


@pytest.mark.parametrize(("cpu", "expected"), X86.items())
@pytest.mark.parametrize("program", PROGRAMS)
def test_x86_rows(ctest, qemu, program, cpu, expected):
    path = ctest(f"kernels/{program}", "x86_64-linux-musl")
    assert rows([*qemu("x86_64", cpu), path, "1", "16"]) == expected


@pytest.mark.parametrize(("cpu", "expected"), ARM.items())
@pytest.mark.parametrize("program", PROGRAMS)
def test_arm_rows(ctest, qemu, program, cpu, expected):
    path = ctest(f"kernels/{program}", "aarch64-linux-musl")
    assert rows([*qemu("aarch64", cpu), path]) == expected
