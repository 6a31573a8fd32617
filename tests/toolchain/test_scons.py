# SPDX-License-Identifier: Apache-2.0
"""What scons says and does on its command line, in a small copy of the repository."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain.targets import TARGETS

LINUX = "x86_64-linux-musl"
PARTS = ["SConstruct", "pyproject.toml", "LICENSE", "toolchain", "ape", "zipalign", "runtime_src"]


def scons(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "SCons", "-Q", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def checkout(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose path holds a space."""
    folder = tmp_path_factory.mktemp("with space")
    copy(root, folder)
    return folder


def copy(root: Path, folder: Path) -> None:
    for name in PARTS:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name)
        else:
            shutil.copy(root / name, folder)
    (folder / "tests").mkdir()
    shutil.copy(root / "tests/SConscript", folder / "tests")


def test_help_shows_every_option(checkout: Path) -> None:
    text = scons(checkout, "-h").stdout
    words = ["scons dist", "scons ctest", "targets:", "mode:", "verbose:", "--cache-dir"]
    for word in [*words, *(target.name for target in TARGETS)]:
        assert word in text


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("target=x86_64-macos", "unknown variable 'target'; scons -h shows all"),
        ("targets=x86_64-plan9", "no target is called 'x86_64-plan9'; there are: x86_64-linux"),
        ("mode=fast", "Invalid value for enum variable 'mode': 'fast'"),
        ("verbose=perhaps", "verbose"),
        ("--fast", "no such option: --fast"),
        ("nothing", "Do not know how to make"),
    ],
)
def test_what_is_not_known_is_refused(checkout: Path, word: str, message: str) -> None:
    done = scons(checkout, word)
    assert done.returncode == 2
    assert message in done.stderr


def test_one_target_is_built_once(checkout: Path) -> None:
    first = scons(checkout, f"targets={LINUX}", f"--cache-dir={checkout / 'cache'}")
    assert first.returncode == 0, first.stdout + first.stderr
    lines = first.stdout.splitlines()
    assert any(f"CC {LINUX} kernels/kernels_tmpl.avx2.o" in line for line in lines)
    numbers = [line[1 : line.index("]")].split("/") for line in lines if line.startswith("[")]
    assert [int(number) for number, _ in numbers] == sorted(int(n) for n, _ in numbers)
    assert len({total for _, total in numbers}) == 1
    second = scons(checkout, f"targets={LINUX}")
    assert second.returncode == 0
    assert "[" not in second.stdout
    commands = json.loads((checkout / "build/compile_commands.json").read_text())
    assert {"runtime_src/main.c"} < {entry["file"] for entry in commands}


def test_cache_serves_another_checkout(root: Path, checkout: Path, tmp_path: Path) -> None:
    copy(root, tmp_path)
    done = scons(tmp_path, f"--cache-dir={checkout / 'cache'}", f"targets={LINUX}")
    assert done.returncode == 0, done.stderr
    assert "] CC " not in done.stdout
    assert "Retrieved `build/" in done.stdout


def test_a_changed_header_recompiles_its_users_only(checkout: Path) -> None:
    scons(checkout, f"targets={LINUX}")
    header = checkout / "runtime_src/platform/pool.h"
    header.write_text(header.read_text() + "\n// changed\n")
    lines = scons(checkout, f"targets={LINUX}", f"build/{LINUX}/llamafile").stdout
    assert f"CC {LINUX} platform/pool.o" in lines
    assert f"CC {LINUX} base/build.o" in lines, "the build id names the sources"
    assert f"CC {LINUX} kernels/kernels_ref.o" not in lines
