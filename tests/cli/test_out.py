# SPDX-License-Identifier: Apache-2.0
"""Bytes of tokens become valid UTF-8, however they are cut; Python's decoder is the judge."""

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="session")
def copy(ctest):
    """copy(bytes, n) -> what comes out when n bytes go in at a time."""
    program = ctest("cli/check_out")

    def call(data: bytes, step: int) -> bytes:
        return subprocess.run([program, str(step)], input=data, stdout=-1, check=True).stdout

    return call


def expected(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return text + ("\n" if text and not text.endswith("\n") else "")


def test_text_comes_through(copy):
    text = "Grüße, 漢字, 🦙\n".encode()
    for step in range(1, 9):
        assert copy(text, step) == text


def test_last_line_gets_its_end(copy):
    assert copy(b"a", 1) == b"a\n"
    assert copy(b"a\n", 1) == b"a\n"
    assert copy(b"", 1) == b""


@pytest.mark.parametrize(
    "data",
    [b"\xc3", b"a\xe6\xbc", b"\xf0\x9f\xa6", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
     b"\xff", b"\x80a", b"\xe6\xc3\xbc", b"\xf0\x80\x80\x80x"],
)  # fmt: skip
def test_broken(copy, data):
    assert copy(data, 1).decode() == expected(data)


PIECES = st.sampled_from(
    [b"a", b"\xc3", b"\xbc", b"\xe6", b"\xbc", b"\xf0", b"\x9f", b"\xa6", b"\n"]
)


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(PIECES, max_size=12).map(b"".join), st.integers(1, 5))
def test_any_bytes(copy, data, step):
    assert copy(data, step).decode() == expected(data)
