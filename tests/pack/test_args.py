# SPDX-License-Identifier: Apache-2.0
"""The rules of `.args`, one row each, and that no text can make the reader stumble."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

USER = ("--typed", "it")  # what follows on the command line in every case
U = list(USER)

CASES = {
    "nothing": (b"", U),
    "one per line": (b"-m\nw.gguf\n", ["-m", "w.gguf", *U]),
    "several per line": (b"a b\tc\rd\fe\vf", ["a", "b", "c", "d", "e", "f", *U]),
    "carriage returns": (b"a\r\nb\r\n", ["a", "b", *U]),
    "comment": (b"# c\na # x y\nb # z", ["a", "b", *U]),
    "hash inside": (b"ok# a#b", ["ok#", "a#b", *U]),
    "hash after quote": (b"'a'# b", ["a#", "b", *U]),
    "single quotes": (rb" 'hi \n $HOME there' ", [r"hi \n $HOME there", *U]),
    "single quotes keep newline": (b"'a\nb'", ["a\nb", *U]),
    "parts join": (b"a'b c'\"d e\"f", ["ab cd ef", *U]),
    "double quote letters": (rb'"\a\b\t\n\v\f\r\e"', ["\a\b\t\n\v\f\r\x1b", *U]),
    "double quote numbers": (rb'"\1\11\111\1111\x4\x41\x411"', ["\1\tII1\4AA1", *U]),
    "double quote x alone": (rb'"\xg"', ["xg", *U]),
    "double quote literal": (rb'"\q\"\\\'"', ["q\"\\'", *U]),
    "double quote joins lines": (b'"a\\\nb"', ["ab", *U]),
    "double quote joins CRLF": (b'"a\\\r\nb"', ["ab", *U]),
    "double quote keeps newline": (b'"a\nb"', ["a\nb", *U]),
    "backslash letters": (rb"C:\new", ["C:\new", *U]),
    "backslash literal": (rb"this\ is\#one \'", ["this is#one", "'", *U]),
    "backslash no numbers": (rb"\101 \x41", ["101", "x41", *U]),
    "backslash joins lines": (b"a\\\nb", ["ab", *U]),
    "backslash between arguments": (b"a \\\n b", ["a", "b", *U]),
    "variable": (b'$foo x${foo}x "$foo" "${foo}" $foo', ["bar", "xbarx", "bar", "bar", "bar", *U]),
    "variable is not split": (b"$words", ["a b  c", *U]),
    "variable is not expanded again": (b"$nested", ["$foo", *U]),
    "variable unset": (b"a$nobody b", ["a", "b", *U]),
    "variable unset alone": (b"a $nobody b", ["a", "", "b", *U]),
    "variable ends": (b"$foo.x $foo-x", ["bar.x", "bar-x", *U]),
    "two dollars": (b'$$ a$$b "$$"', ["$", "a$b", "$", *U]),
    "lone dollar": (b'$ "$" a$. $', ["$", "$", "a$.", "$", *U]),
    "open brace": (b"${foo", ["${foo", *U]),
    "dots at the end": (b"a b ...", ["a", "b", *U]),
    "dots in the middle": (b"a ... b", ["a", *U, "b"]),
    "dots first": (b"...\nb", [*U, "b"]),
    "dots twice": (b"a ... b ... c", ["a", *U, "b", "c"]),
    "no dots": (b". .. ...x a... '...'", [".", "..", "...x", "a...", "...", *U]),
    "empty argument": (b"'' \"\" a", ["", "", "a", *U]),
    "empty argument at the end": (b"a ''", ["a", *U]),
    "open single quote": (b"a 'b c", ["a", "b c", *U]),
    "open double quote": (b'a "b c', ["a", "b c", *U]),
    "backslash at the end": (b"a\\", ["a", *U]),
    "byte order mark": (b"\xef\xbb\xbf-m x", ["-m", "x", *U]),
    "not UTF-8": (b"\xff\xfe", [b"\xff\xfe", *U]),
}
ENVIRONMENT = {"foo": "bar", "words": "a b  c", "nested": "$foo"}


def merge(run, path, text: bytes, user=USER) -> list[tuple[str, bytes]]:
    path.write_bytes(text)
    environment = {k: v for k, v in os.environ.items() if k != "nobody"} | ENVIRONMENT
    lines = run("check_args", path, *user, env=environment).splitlines()
    return [(line.split(" ")[0], bytes.fromhex(line.split(" ")[1])) for line in lines]


@pytest.mark.parametrize("name", CASES)
def test_rule(run, tmp_path, name):
    text, expected = CASES[name]
    expected = [w if isinstance(w, bytes) else w.encode() for w in expected]
    assert [word for _, word in merge(run, tmp_path / ".args", text)] == expected


def test_where_each_comes_from(run, tmp_path):
    merged = merge(run, tmp_path / ".args", b"-c 512 ... -n 1")
    assert [origin for origin, _ in merged] == ["packed"] * 2 + ["typed"] * 2 + ["packed"] * 2


def test_nul_is_refused(run, tmp_path):
    for text in (b"a\0b", b'"\\0"', b"'\0'", b'"\\x00"'):
        (tmp_path / ".args").write_bytes(text)
        answer = run("check_args", tmp_path / ".args", "x")
        assert answer == "error: .args: an argument holds a NUL byte\n"


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text("ab#'\"$.\\{} \r\nx7", max_size=60))
def test_any_text(run, tmp_path, text):
    # The guard page behind the text turns a read too far into a crash.
    merged = merge(run, tmp_path / ".args", text.encode(), ["only"])
    assert sum(origin == "typed" for origin, _ in merged) == 1
