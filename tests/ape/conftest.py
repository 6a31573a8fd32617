# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the ape tests: probe.c built for the 14 targets, and polyglots linked from it.

The probes are kept under build/, by the hash of what makes them: the first run costs minutes
(zig builds the C libraries), every later one nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from ape import link
from toolchain import targets, zigcc

ROOT = Path(__file__).parents[2]
PROBE = Path(__file__).with_name("probe.c")
BUILD_ID = "0123456789abcdef"
HELLO = b"hello from the pack\n"

# Shells that differ in what their test and their redirections do; test_shells.py has all.
every_shell = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(name.split(), id=name, marks=pytest.mark.requires_tool(name.split()[0]))
        for name in ("dash", "busybox sh", "ksh93", "yash")
    ],
)


def build_probes() -> dict[str, Path]:
    """Target name -> executable."""
    built = {}
    for target in targets.TARGETS:
        define = f'-DPROBE_TARGET="{target.name}"'
        command = [*zigcc.link_command(target), "-Wall", "-Wextra", "-Werror", define]
        key = hashlib.sha256(repr(command).encode() + PROBE.read_bytes()).hexdigest()[:16]
        out = ROOT / "build" / "tests" / "ape" / f"probe-{key}" / f"{target.name}{target.suffix}"
        if not out.exists():
            out.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=out.parent) as folder:
                tail = [str(PROBE), "-o", f"{folder}/{out.name}", *target.libs]
                # From the folder where scons runs it, zig finds the C libraries that scons made:
                # its cache knows them by a path relative to there.
                subprocess.run([str(zigcc.zig()), "cc", *command, *tail], check=True, cwd=ROOT)
                Path(folder, out.name).replace(out)
        built[target.name] = out
    return built


@pytest.fixture(scope="session")
def probes() -> dict[str, Path]:
    return build_probes()


@pytest.fixture(scope="session")
def hello(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "hello.txt"
    path.write_bytes(HELLO)
    return path


@pytest.fixture(scope="session")
def polyglot(probes, hello, tmp_path_factory) -> Path:
    """All 14 probes in one file."""
    out = tmp_path_factory.mktemp("polyglot") / "probe.com"
    order = link.Order("probe", probes, (("hello.txt", hello),), build_id=BUILD_ID)
    assert link.link(order, out) == []
    return out


@pytest.fixture
def start(tmp_path):
    """start(argv, **environment changes) -> the finished process, with a private, empty HOME."""
    home = tmp_path / "home"
    home.mkdir()

    def run(argv, *, cwd=None, stdin="", env=None, clear=(), **options):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
        environment.update(env or {})
        for name in clear:
            del environment[name]
        return subprocess.run(
            [str(word) for word in argv], cwd=cwd or tmp_path, env=environment, input=stdin,
            capture_output=True, text=True, timeout=60, check=False, **options,
        )  # fmt: skip

    run.home = home
    return run


@pytest.fixture
def namespace(cannot):
    """Prefix of a command that runs a sh script, then "$@", with mounts of its own."""
    command = ["unshare", "-Urm", "sh", "-ec"]
    probe = [*command, 'mount -t tmpfs none /mnt; exec "$@"', "sh", "true"]
    result = subprocess.run(probe, capture_output=True, text=True, check=False)
    if result.returncode:
        cannot("unshare", f"no private mounts on this machine: {result.stderr.strip()}")
    return command


def cached(home: Path) -> list[Path]:
    """All files below a home: what the stub left there."""
    return [path for path in home.rglob("*") if path.is_file()]
