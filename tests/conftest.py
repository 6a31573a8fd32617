# SPDX-License-Identifier: Apache-2.0
"""What all rooms' tests share: paths, products built on demand, emulators, missing tools.

A test that needs a program which is not installed is listed as NOT RUN at the end of the run;
with CI=true in the environment it fails instead, so that nothing is ever skipped in silence, but
for what TESTS_WITHOUT (comma-separated) declares absent.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]
# The programs of .venv, and wine64, which Debian keeps out of the PATH.
TOOL_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/lib/wine"])
NOT_RUN = pytest.StashKey[list[str]]()

# The CPUs that each emulator plays: oldest, one with dot products, everything it knows.
QEMU = {"x86_64": "qemu-x86_64-static", "aarch64": "qemu-aarch64-static"}


@dataclass(frozen=True)
class Dist:
    """The products of `scons dist`."""

    llamafile: Path
    demo: Path
    sums: Path


# ---- tools that may be missing ------------------------------------------------------------------


def find_tool(name: str) -> str | None:
    """Return the path of a program or of the oracle's library, None if it is not installed."""
    if name == "torch":
        spec = importlib.util.find_spec(name)
        return spec and spec.origin
    return shutil.which(name, path=TOOL_PATH)


def _need(config: pytest.Config, test: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if find_tool(name) is None]
    if not missing:
        return
    _not_run(config, test, missing, f"{' and '.join(missing)} not installed")


def _not_run(config: pytest.Config, test: str, missing: list[str], reason: str) -> NoReturn:
    absent = os.environ.get("TESTS_WITHOUT", "").split(",")
    if os.environ.get("CI") and not set(missing) <= set(absent):
        pytest.fail(f"{reason}; with CI set that is a failure", pytrace=False)
    config.stash[NOT_RUN].append(f"{test}: {reason}")
    pytest.skip(reason)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOT_RUN] = []


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("requires_tool"):
        _need(item.config, item.nodeid, marker.args)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    for line in config.stash[NOT_RUN]:
        terminalreporter.write_line(f"NOT RUN: {line}", yellow=True, bold=True)


@pytest.fixture
def requires_tool(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """requires_tool("wine64") -> its path, or the test ends here as not run."""

    def require(name: str) -> str:
        _need(request.config, request.node.nodeid, (name,))
        return str(find_tool(name))

    return require


@pytest.fixture
def cannot(request: pytest.FixtureRequest) -> Callable[[str, str], NoReturn]:
    """cannot("root", "needs root to ..."): the machine lacks it, the test ends here as not run."""

    def end(missing: str, reason: str) -> NoReturn:
        _not_run(request.config, request.node.nodeid, [missing], reason)

    return end


# ---- things that scons builds -------------------------------------------------------------------


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let one scons at a time work in this checkout."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_scons(*words: str) -> None:
    """Build; a failure shows scons' last lines."""
    with _alone():
        command = [sys.executable, "-m", "SCons", "-Q", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        pytest.fail(f"scons {' '.join(words)} failed:\n{tail}", pytrace=False)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def dist() -> Dist:
    """Return the products, built as `scons dist` builds them."""
    run_scons("dist")
    folder = ROOT / "dist"
    return Dist(folder / "llamafile", folder / "demo.llamafile", folder / "SHA256SUMS")


@pytest.fixture(scope="session")
def executable() -> Callable[[str], Path]:
    """executable("x86_64-linux-musl") -> that target's native program."""

    def build(target: str) -> Path:
        path = f"build/{target}/llamafile" + (".exe" if "windows" in target else "")
        run_scons(f"targets={target}", path)
        return ROOT / path

    return build


@pytest.fixture(scope="session")
def ctest() -> Callable[..., Path]:
    """ctest("kernels/check_kernels", target=...) -> that C test program."""

    def build(name: str, target: str = "x86_64-linux-musl") -> Path:
        path = f"build/{target}/tests/{name}"
        run_scons(f"targets={target}", path)
        return ROOT / path

    return build


@pytest.fixture
def qemu(requires_tool: Callable[[str], str]) -> Callable[[str, str], list[str]]:
    """qemu("aarch64", "cortex-a53") -> the words to put before a Linux program."""

    def prefix(arch: str, cpu: str) -> list[str]:
        return [requires_tool(QEMU[arch]), "-cpu", cpu]

    return prefix


# ---- Windows -----------------------------------------------------------------------------------

# Services and menus are kept out of it; with winedbg, a crash could end in status 0.
WINE_OVERRIDES = "mscoree,mshtml=;winemenubuilder.exe,services.exe,explorer.exe,winedbg.exe=d"


@pytest.fixture
def wine(requires_tool: Callable[[str], str]) -> Callable[..., subprocess.CompletedProcess]:
    """wine(program, *arguments, **environment) -> the finished process."""
    binary = requires_tool("wine64")
    prefix = ROOT / "build" / "tests" / "wine"
    prefix.parent.mkdir(parents=True, exist_ok=True)
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
    env |= {"WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "DISPLAY": ""}
    env["WINEDLLOVERRIDES"] = WINE_OVERRIDES

    def run(*words: object, **more: str) -> subprocess.CompletedProcess:
        command = [binary, *map(str, words)]
        return subprocess.run(
            command, env=env | more, capture_output=True, timeout=300, check=False
        )

    return run
