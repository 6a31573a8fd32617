# SPDX-License-Identifier: Apache-2.0
"""foreign("x86_64-freebsd") -> the words that run that system's programs here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.foreign import build
from toolchain import zigcc
from toolchain.targets import find


@pytest.fixture
def foreign(root: Path, requires_tool: Callable[[str], str]) -> Callable[[str], list[str]]:
    def prefix(name: str) -> list[str]:
        target = find(name)
        loader = build.loader(zigcc.zig(), target, root / "build" / "foreign")
        emulator = [requires_tool("qemu-aarch64-static")] if target.arch == "aarch64" else []
        return [*emulator, str(loader)]

    return prefix
