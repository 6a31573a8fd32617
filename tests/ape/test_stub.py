# SPDX-License-Identifier: Apache-2.0
"""The stub as text: shellcheck has no word against it, it fits, and cksum is cksum."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ape import pe, stub
from ape.errors import ApeError
from ape.targets import TARGETS

SOURCE = Path(stub.__file__).with_name("stub.sh")
ROWS = [
    stub.Row(name, "f" * 20, 10**6, 10**5, 2**32 - 1)
    for name, target in TARGETS.items()
    if target.uname
]


@pytest.mark.requires_tool("shellcheck")
def test_shellcheck_source_and_result(tmp_path):
    result = tmp_path / "stub"
    page = stub.render("me", "ME", ROWS, windows=True)
    result.write_bytes(b"#!/bin/sh\n# shellcheck disable=SC2015,SC3013,SC3067\n" + page)
    for path in (SOURCE, result):
        words = ["shellcheck", "--shell=sh", str(path)]
        process = subprocess.run(words, capture_output=True, text=True, check=False)
        assert process.stdout == ""


def test_largest_stub_fits():
    page = stub.render("n" * 40, "P" * 40, ROWS, windows=True)
    assert len(page) == 4096
    assert len(page.rstrip(b"\n")) < 4000


def test_too_large_is_refused():
    with pytest.raises(ApeError, match="its page holds 4096: shorten NAME"):
        stub.render("n" * 64, "P" * 200, ROWS, windows=True)


@pytest.mark.parametrize(("name", "prefix"), [("PREFIX", "NAME"), ("NAME.PREFIX", "A_NAME_PREFIX")])
def test_names_that_look_like_placeholders(name, prefix):
    page = stub.render(name, prefix, ROWS[:1], windows=False).decode()
    assert f"new=$work/{name}\n" in page
    assert f"{prefix}_SELF=- " in page
    assert stub.parse(page.encode())[0] == name


def test_head_keeps_its_rules():
    """FORMAT 2.2, and what the first line is for shells that look at it."""
    assert len(pe.HEAD) == 55
    assert pe.HEAD.endswith(b"\n")
    assert b"\0" not in pe.HEAD
    assert pe.HEAD[0x19] >= 0x01 or pe.HEAD[0x18] >= 0x40  # e_lfarlc


@given(st.binary(max_size=9000))
def test_cksum_is_posix_cksum(data):
    process = subprocess.run(["cksum"], input=data, capture_output=True, check=True)
    assert process.stdout.split()[:2] == [
        str(n).encode() for n in (stub.posix_cksum(data), len(data))
    ]


@given(st.sets(st.sampled_from([row.target for row in ROWS])), st.booleans())
def test_parse_is_the_inverse_of_render(names, windows):
    rows = [row for row in ROWS if row.target in names]
    assert stub.parse(stub.render("me", "ME", rows, windows)) == ("me", rows)
