# SPDX-License-Identifier: Apache-2.0
"""The instruction sets that kernels are compiled for, one row each, weakest first.

A kernel template (`runtime_src/kernels/*_tmpl.c`) is compiled once per row of the target's
architecture, with `-DISA=<name>` and the row's flags; its object ends in `.<name>.o`. At run
time the program takes the last row whose features the CPU has (`kernels/kernels.h`), so the
names and their order here and there must agree; tests/toolchain/test_isa.py compares them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Isa:
    """One set of instructions that kernels may use."""

    name: str  # last suffix of the kernels' names
    arch: str  # x86_64 or aarch64
    flags: tuple[str, ...]  # for the compiler
    features: tuple[str, ...]  # what the CPU must report, in the words of kernels/cpu.h


# What AVX2 machines have in common: Haswell (2013), Zen (2017) and all that followed.
_AVX2 = ("-mavx2", "-mfma", "-mf16c")
# Skylake-X (2017), Zen 4 (2022). The four extensions came together in every CPU with any of
# the last three. Vectors stay 512 bits wide, which clang would halve by default.
_AVX512 = (*_AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl")
_WIDE = ("-mprefer-vector-width=512",)
# Cortex-A76 (2018), Graviton 2, Apple M1. Names are zig's: it takes no -march for ARM.
_DOTPROD = "generic+v8_2a+dotprod+fullfp16"

ISAS: tuple[Isa, ...] = (
    Isa("sse2", "x86_64", (), ()),
    Isa("ssse3", "x86_64", ("-mssse3",), ("ssse3",)),
    Isa("avx", "x86_64", ("-mavx",), ("avx",)),
    Isa("avx2", "x86_64", _AVX2, ("avx2", "fma", "f16c")),
    Isa("avx512", "x86_64", (*_AVX512, *_WIDE), ("avx512",)),
    Isa("avx512vnni", "x86_64", (*_AVX512, "-mavx512vnni", *_WIDE), ("avx512", "avx512_vnni")),
    Isa("neon", "aarch64", (), ()),
    Isa("dotprod", "aarch64", (f"-mcpu={_DOTPROD}",), ("fp16", "dotprod")),
    Isa("i8mm", "aarch64", (f"-mcpu={_DOTPROD}+i8mm",), ("fp16", "dotprod", "i8mm")),
)


def of(arch: str) -> tuple[Isa, ...]:
    """Return the rows of an architecture, weakest first."""
    return tuple(isa for isa in ISAS if isa.arch == arch)
