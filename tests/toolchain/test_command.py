# SPDX-License-Identifier: Apache-2.0
"""The compiler's command lines as a table: target, row and mode in, arguments out."""

import importlib.metadata

import pytest

from toolchain import isa, pins, zigcc
from toolchain.targets import BY_NAME, TARGETS

ROWS = {row.name: row for row in isa.ISAS}


@pytest.mark.parametrize(
    ("target", "row", "mode", "present", "absent"),
    [
        ("x86_64-linux-musl", None, "release", "-O2 -g0 -Werror", "-O3 -mavx2 -DISA=avx2"),
        ("x86_64-linux-musl", "avx2", "release", "-O3 -mavx2 -mfma -DISA=avx2", "-mavx512f"),
        ("x86_64-windows", "sse2", "release", "-O3 -DISA=sse2", "-mssse3 -mavx"),
        ("aarch64-macos", "i8mm", "release", "-DISA=i8mm", "-mavx2"),
        ("x86_64-linux-musl", "avx2", "debug", "-g -fsanitize=undefined -mavx2", "-O2 -O3 -g0"),
    ],
)
def test_command(target: str, row: str | None, mode: str, present: str, absent: str) -> None:
    words = zigcc.command(BY_NAME[target], ROWS.get(row), mode)
    assert words[:2] == ("-target", BY_NAME[target].triple)
    assert set(present.split()) <= set(words)
    assert not set(absent.split()) & set(words)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_release_has_no_sanitizer_and_no_debug_information(target) -> None:
    for words in (zigcc.command(target), zigcc.link_command(target)):
        assert "-fno-sanitize=all" in words
        assert "-g0" in words
    assert "-s" in zigcc.link_command(target)


def test_another_compiler_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert zigcc.exists()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1.0")
    assert not zigcc.exists()
    wanted = f"{pins.ZIG} is needed; ./x installs it"
    assert zigcc.complaint() == f"ziglang 0.1.0 is installed but {wanted}"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert zigcc.complaint() == f"ziglang {pins.ZIG} is not installed; ./x installs it"


def test_pin_is_the_version_in_pyproject(root) -> None:
    assert f'"ziglang=={pins.ZIG}"' in (root / "pyproject.toml").read_text()
    assert f"ziglang=={pins.ZIG} " in (root / "requirements.lock").read_text()
