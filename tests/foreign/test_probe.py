# SPDX-License-Identifier: Apache-2.0
"""The loaders run a program that uses all the runtime needs of a libc, as this machine runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.foreign.build import FOREIGN
from toolchain import zigcc
from toolchain.targets import BY_NAME

PROBE = Path(__file__).with_name("probe.c")


def compiled(target, folder: Path) -> Path:
    out = folder / f"probe-{target.name}"
    command = [
        zigcc.zig(),
        "cc",
        "-target",
        target.triple,
        "-O2",
        "-std=gnu11",
        "-fno-sanitize=all",
    ]
    subprocess.run([*command, "-D_GNU_SOURCE", "-o", out, PROBE, *target.libs], check=True)
    return out


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> str:
    native = compiled(BY_NAME["x86_64-linux-musl"], tmp_path_factory.mktemp("probe"))
    done = subprocess.run([native, PROBE, "a b"], capture_output=True, text=True, check=False)
    assert done.returncode == 42
    return done.stdout


@pytest.mark.parametrize("target", FOREIGN, ids=lambda target: target.name)
def test_probe_prints_the_same_everywhere(target, foreign, expected, tmp_path):
    command = [*foreign(target.name), compiled(target, tmp_path), PROBE, "a b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (42, expected, "to stderr\n")


def test_untranslated_import_names_itself(foreign, tmp_path):
    target = BY_NAME["x86_64-freebsd"]
    source, out = tmp_path / "fork.c", tmp_path / "fork"
    source.write_text("#include <unistd.h>\nint main(void) { return fork(); }\n")
    subprocess.run([zigcc.zig(), "cc", "-target", target.triple, "-o", out, source], check=True)
    done = subprocess.run([*foreign(target.name), out], capture_output=True, text=True, check=False)
    assert done.returncode == 120
    assert "the program called fork, which is not translated" in done.stderr
