# SPDX-License-Identifier: Apache-2.0
"""The same sources give the same bytes in another folder with empty caches.

ci/reproduce shows it for the whole of dist/; here it is shown for two kinds of object file, with
targets whose C library zig need not compile.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TARGETS = ["x86_64-linux-gnu", "aarch64-macos"]
PARTS = ["SConstruct", "pyproject.toml", "LICENSE", "toolchain", "ape", "zipalign", "runtime_src"]


def test_same_bytes_elsewhere(root: Path, executable, tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "deeper"
    folder.mkdir(parents=True)
    for name in PARTS:
        part = root / name
        (shutil.copytree if part.is_dir() else shutil.copy)(part, folder / name)
    (folder / "tests").mkdir()
    shutil.copy(root / "tests/SConscript", folder / "tests")
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "SCons", "-Q", f"targets={','.join(TARGETS)}"]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    for target in TARGETS:
        here = executable(target)
        there = folder / here.relative_to(root)
        assert here.read_bytes() == there.read_bytes(), target
        assert os.fsencode(str(root)) not in here.read_bytes()
