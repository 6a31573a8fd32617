# SPDX-License-Identifier: Apache-2.0
"""Builds the C programs of this room: by the pinned compiler with traps on undefined behaviour,
and by the system's with AddressSanitizer where there is one."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ZIG = Path(sysconfig.get_path("purelib")) / "ziglang" / "zig"
COMPILERS = {
    "zig": [ZIG, "cc", "-target", "x86_64-linux-musl", "-fsanitize=undefined"],
    "asan": ["gcc", "-fsanitize=address,undefined", "-fno-sanitize-recover"],
}
BUILD_ID = "0123456789abcdef"


@pytest.fixture(scope="session", params=COMPILERS)
def program(request, tmp_path_factory):
    """program(name) -> path of the built tests/pack/NAME.c."""
    if request.param == "asan" and not shutil.which("gcc"):
        pytest.skip("no gcc for AddressSanitizer")
    folder = tmp_path_factory.mktemp(request.param)

    def build(name: str) -> Path:
        out = folder / name
        if not out.exists():
            rooms = [f for r in ("base", "pack") for f in (ROOT / "runtime_src" / r).glob("*.c")]
            rooms += (ROOT / "runtime_src/platform").glob("*_posix.c")
            flags = ["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-Iruntime_src"]
            flags += [f'-DPACKLLAMA_BUILD_ID="{BUILD_ID}"', f"tests/pack/{name}.c", *rooms]
            command = [*COMPILERS[request.param], *flags, "-lpthread", "-o", out]
            subprocess.run(command, cwd=ROOT, check=True)
        return out

    return build


@pytest.fixture
def run(program):
    """run(name, argument...) -> standard output; a crash or a sanitizer's complaint fails."""

    def call(name: str, *arguments, **options) -> str:
        command = [program(name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, timeout=120, **options)
        assert done.returncode == 0, (done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout.decode()

    return call


@pytest.fixture
def build_id() -> str:
    """The id that the programs of this room are compiled with."""
    return BUILD_ID
