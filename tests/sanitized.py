# SPDX-License-Identifier: Apache-2.0
"""C programs of the tests, compiled to stop at what the language leaves undefined: by the pinned
compiler with traps, and by the system's gcc with AddressSanitizer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from toolchain import zigcc

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["-g", "-Wall", "-Wextra", "-Werror", "-Iruntime_src"]

# Parameters of a fixture whose tests run once per compiler.
EVERY_COMPILER = [
    "zig",
    pytest.param("asan", marks=pytest.mark.requires_tool("gcc")),
]


def best_compiler() -> str:
    """The one that finds most, of those that this machine has; for programs slow to compile."""
    return "asan" if shutil.which("gcc") else "zig"


def _words(compiler: str) -> list[str]:
    if compiler == "zig":
        target = ["-target", "x86_64-linux-musl"]
        return [str(zigcc.zig()), "cc", *target, "-fsanitize=undefined", "-O2"]
    return ["gcc", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-O1"]


def sources(*rooms: str) -> list[Path]:
    """The C files of rooms ("base"), or single ones ("kernels/types"); of platform, Unix's."""
    runtime = ROOT / "runtime_src"
    files = [f for r in rooms for f in runtime.glob(f"{r}.c" if "/" in r else f"{r}/*.c")]
    return sorted(file for file in files if not file.stem.endswith("_win32"))


def compile_c(compiler: str, out: Path, files: Iterable[Path | str], *flags: str) -> Path:
    """Compile and link `files` (from the root of the repository) into `out`."""
    command = [*_words(compiler), *FLAGS, *flags, *map(str, files), "-lm", "-lpthread"]
    subprocess.run([*command, "-o", out], cwd=ROOT, check=True)
    return out
