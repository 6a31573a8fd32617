# SPDX-License-Identifier: Apache-2.0
"""Builds the C programs of tokenizer, sampling and chat, which need the generated tables."""

import subprocess
import sys
from pathlib import Path

from tests import sanitized


def build(compiler: str, folder: Path, program: str, rooms: tuple[str, ...]) -> Path:
    """The executable of tests/ROOM/NAME.c (`program` is ROOM/NAME), linked with rooms or files."""
    tables = folder / "gen" / "tokenizer" / "unicode_tables.inc"
    if not tables.exists():
        script = sanitized.ROOT / "runtime_src" / "tokenizer" / "unicode_tables.py"
        subprocess.run([sys.executable, script, tables], check=True)
    files = [f"tests/{program}.c", *sanitized.sources(*rooms)]
    flags = ["-std=c11", f"-I{folder}/gen"]
    return sanitized.compile_c(compiler, folder / Path(program).name, files, *flags)
