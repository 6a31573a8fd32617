# SPDX-License-Identifier: Apache-2.0
"""Builds the C programs of tokenizer, sampling and chat: with the pinned compiler and traps on
undefined behaviour, and with the system's and AddressSanitizer where there is one."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ZIG = Path(sysconfig.get_path("purelib")) / "ziglang" / "zig"
COMPILERS = {
    "zig": [ZIG, "cc", "-target", "x86_64-linux-musl", "-fsanitize=undefined", "-O2"],
    "asan": ["gcc", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-O1"],
}
FLAGS = ["-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-Iruntime_src", "-lm"]


def compilers() -> list[str]:
    """The compilers that this machine has."""
    return [name for name in COMPILERS if name == "zig" or shutil.which("gcc")]


def compiler() -> str:
    """The one that finds most: the system's, with AddressSanitizer, where there is one."""
    return compilers()[-1]


def build(compiler: str, folder: Path, program: str, rooms: tuple[str, ...]) -> Path:
    """The executable of tests/ROOM/NAME.c (`program` is ROOM/NAME), linked with rooms or files."""
    tables = folder / "gen" / "tokenizer" / "unicode_tables.inc"
    if not tables.exists():
        script = ROOT / "runtime_src" / "tokenizer" / "unicode_tables.py"
        subprocess.run([sys.executable, script, tables], check=True)
    runtime = ROOT / "runtime_src"
    sources = [f for r in rooms for f in runtime.glob(f"{r}.c" if "/" in r else f"{r}/*.c")]
    out = folder / Path(program).name
    command = [*COMPILERS[compiler], ROOT / "tests" / f"{program}.c", *sorted(sources), *FLAGS]
    subprocess.run([*command, f"-I{folder}/gen", "-o", out], cwd=ROOT, check=True)
    return out
