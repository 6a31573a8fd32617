# SPDX-License-Identifier: Apache-2.0
"""The program under test, and the reference: Jinja2 configured as transformers does."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

from tests import sanitized
from tests.chat import environment
from tests.tokenizer.build import build

ROOMS = ("base", "gguf", "kernels/types", "tokenizer", "chat")
PYTHON_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
Result = tuple[bool, str]  # rendered, or the error
ENVIRONMENT = environment.make()


@pytest.fixture(scope="session", params=[sanitized.best_compiler()])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built check_chat."""
    folder = tmp_path_factory.mktemp(request.param)
    return build(request.param, folder, "chat/check_chat", ROOMS)


def pack_text(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<I", len(data)) + data


def pack(value: object) -> bytes:
    """A value in check_chat's form."""
    match value:
        case None:
            return b"n"
        case bool():
            return b"t" if value else b"f"
        case int():
            return b"i" + struct.pack("<q", value)
        case float():
            return b"d" + struct.pack("<d", value)
        case str():
            return b"s" + pack_text(value)
        case list():
            return b"l" + struct.pack("<I", len(value)) + b"".join(map(pack, value))
        case dict():
            items = b"".join(pack(k) + pack(v) for k, v in value.items())
            return b"o" + struct.pack("<I", len(value)) + items
    raise TypeError(value)


def unpack(data: bytes) -> list[Result]:
    results, pos = [], 0
    while pos < len(data):
        ok, length = struct.unpack_from("<II", data, pos)
        results.append((bool(ok), data[pos + 8 : pos + 8 + length].decode()))
        pos += 8 + length
    return results


@pytest.fixture(scope="session")
def render(program: Path) -> Callable[[list[tuple[str, dict]]], list[Result]]:
    """render([(template, variables), ...]) -> what each gave, all by one process."""

    def run(cases: list[tuple[str, dict]]) -> list[Result]:
        stdin = b"".join(pack_text(template) + pack(values) for template, values in cases)
        command = [program, "values"]
        done = subprocess.run(command, input=stdin, capture_output=True, check=True)
        return unpack(done.stdout)

    return run


def reference(template: str, values: dict) -> Result:
    """What Jinja2 gives, set up as by transformers."""
    try:
        return True, ENVIRONMENT.from_string(template).render(**values)
    except (jinja2.TemplateError, *PYTHON_ERRORS) as e:
        return False, str(e)


def compare(render: Callable, cases: list[tuple[str, dict]]) -> None:
    """Both give the same text, or both refuse."""
    for (template, values), got in zip(cases, render(cases), strict=True):
        want = reference(template, values)
        assert got[0] == want[0], (template, values, got, want)
        if want[0]:
            assert got[1] == want[1], (template, values)
