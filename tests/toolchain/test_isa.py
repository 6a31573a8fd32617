# SPDX-License-Identifier: Apache-2.0
"""The rows of toolchain/isa.py are those that the kernels' headers declare."""

import re
from pathlib import Path

import lief
import pytest

from toolchain import isa

BRANCHES = {"x86_64": "x86_64", "aarch64": "aarch64"}


@pytest.mark.parametrize("arch", BRANCHES)
def test_rows_and_their_order_are_those_of_kernels_h(root: Path, arch: str) -> None:
    text = (root / "runtime_src/kernels/kernels.h").read_text()
    branch = text.partition(f"defined(__{arch}__)")[2]
    declared = re.findall(r"DECL_KERN_ROW\((\w+)\);", re.split(r"#elif|#endif", branch)[0])
    assert declared == [row.name for row in isa.of(arch)]


def test_features_are_those_of_cpu_h(root: Path) -> None:
    text = (root / "runtime_src/kernels/cpu.h").read_text()
    known = {name.lower() for name in re.findall(r"CPU_(\w+) = 1u", text)}
    assert {feature for row in isa.ISAS for feature in row.features} == known


def test_later_rows_need_all_that_earlier_rows_do() -> None:
    """Except where a later set includes an earlier one by nature: AVX2 machines have AVX."""
    assert isa.ISAS[0].features == ()
    for arch in BRANCHES:
        flags = [set(row.flags) for row in isa.of(arch)]
        assert len({frozenset(row) for row in flags}) == len(flags)


@pytest.mark.parametrize("target", ["x86_64-linux-musl", "aarch64-linux-musl"])
def test_each_row_is_an_object(executable, target: str) -> None:
    folder = executable(target).parent / "kernels"
    for row in isa.of(target.partition("-")[0]):
        # LIEF's symbols die with the file they came from, so it is kept in a variable.
        binary = lief.ELF.parse(folder / f"kernels_tmpl.{row.name}.o")
        assert f"kern_row_{row.name}" in {str(symbol.name) for symbol in binary.symbols}
