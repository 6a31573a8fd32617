# SPDX-License-Identifier: Apache-2.0
"""Builds the C programs of this room, once per compiler, and a file for them to read."""

from pathlib import Path

import numpy as np
import pytest

from tests import sanitized
from weights import quants
from weights.gguf import Kind
from weights.gguf_writer import GgufWriter

SOURCES = {
    "check_gguf": ["tests/gguf/check_gguf.c", "tests/fuzz/fuzz_gguf.c"],
    "fuzz_gguf": ["tests/fuzz/fuzz_main.c", "tests/fuzz/fuzz_gguf.c"],
}


@pytest.fixture(scope="session", params=sanitized.EVERY_COMPILER)
def program(request, tmp_path_factory):
    """program(name) -> path of the built executable."""
    folder = tmp_path_factory.mktemp(request.param)

    def build(name: str) -> Path:
        out = folder / name
        if not out.exists():
            rooms = sanitized.sources("gguf", "base", "kernels/types")
            sanitized.compile_c(request.param, out, [*SOURCES[name], *rooms], "-std=c11")
        return out

    return build


def _write_sample(path: Path, version: int = 3, alignment: int = 32) -> Path:
    """A file with every kind of value and every tensor type that the engine computes with."""
    writer = GgufWriter(version=version, alignment=alignment)
    writer.add("general.architecture", "llama")
    for kind in (Kind.U8, Kind.U16, Kind.U32, Kind.U64):
        writer.add(f"n.{kind.name}", 200, kind)
    for kind in (Kind.I8, Kind.I16, Kind.I32, Kind.I64):
        writer.add(f"n.{kind.name}", -100, kind)
    writer.add("n.F32", 1.5)
    writer.add("n.F64", -0.1, Kind.F64)
    writer.add("n.BOOL", True)
    writer.add("text", "grüße\n")
    writer.add("strings", ["a", "", "ü" * 50])
    writer.add("numbers", [1, -2, 3], Kind.I16)
    writer.add("floats", [0.25, -1e-3], Kind.F32)
    # The last one fills its alignment, so that no byte at the end is mere padding.
    random = np.random.default_rng(1)
    for type_ in (quants.BY_NAME[n] for n in ("F16", "BF16", "Q8_0", "Q4_0", "F32")):
        rows = random.standard_normal((2, 3, 32)).astype(np.float32)
        writer.add_tensor(
            f"t.{type_.name}", rows.shape, type_, lambda r=rows, t=type_: [quants.encode(r, t)]
        )
    writer.write(path)
    return path


@pytest.fixture
def write_sample():
    """write_sample(path, version, alignment) -> path."""
    return _write_sample
