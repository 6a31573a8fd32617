# SPDX-License-Identifier: Apache-2.0
"""Single expressions and statements, and grammar-generated ones, give what Jinja2 gives."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chat.conftest import compare, reference
from tests.chat.expressions import EXPRESSIONS, VALUES
from tests.chat.statements import STATEMENTS


def test_expressions(render):
    compare(render, [("{{ " + expression + " }}", VALUES) for expression in EXPRESSIONS])


def test_statements(render):
    compare(render, [(statement, VALUES) for statement in STATEMENTS])


def test_strftime_now(render):
    letters = "aAbBcdDeFhHIjklmMpRSTuUwWxXyYzZ%"
    bare = [f"%-{letter}" for letter in "dejHIklmMSyUW"]
    patterns = [f"%{letter}" for letter in letters] + bare + ["%d %b %Y, %A", "%-d. %B", "ü %Y", ""]
    cases = [("{{ strftime_now('%s') }}".replace("%s", p), {}) for p in patterns]
    for _ in range(9):  # until no second ends between the two
        want, got, after = ([reference(*c) for c in cases], render(cases),
                            [reference(*c) for c in cases])  # fmt: skip
        if want == after:
            break
    assert got == want


def test_strftime_now_refuses_unknown_letters(render):
    patterns = ("%Q", "%", "a%", "%-", "%--d", "%-a", "%#d", "%Ey", "%1d", "%\\0", "%ü")
    for ok, said in render([("{{ strftime_now('" + p + "') }}", {}) for p in patterns]):
        assert not ok and "unknown letter after '%'" in said


names = st.sampled_from([*sorted(VALUES), "missing"])
literals = st.sampled_from(
    ["0", "1", "-2", "3.5", "'a'", "''", "'Ab c'", "true", "none", "[]", "{}"]
)
filters = st.sampled_from(
    [
        "upper",
        "lower",
        "trim",
        "length",
        "first",
        "last",
        "string",
        "int",
        "float",
        "list",
        "join",
        "tojson",
        "abs",
        "default('q')",
        "replace('a','b')",
        "reverse",
        "sort",
        "unique",
        "capitalize",
        "title",
        "items",
        "dictsort",
        "round",
        "sum",
        "min",
    ]
)
tests = st.sampled_from(
    [
        "defined",
        "none",
        "string",
        "number",
        "mapping",
        "iterable",
        "odd",
        "true",
        "eq(1)",
        "in(l)",
        "sequence",
        "boolean",
        "lower",
    ]
)
binary = st.sampled_from(
    ["+", "-", "*", "/", "//", "~", "==", "!=", "<", ">=", "in", "and", "or", "not in"]
)


def grow(inner):
    """Expressions around smaller ones."""
    return st.one_of(
        st.tuples(inner, binary, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, filters).map(lambda t: f"({t[0]})|{t[1]}"),
        st.tuples(inner, tests).map(lambda t: f"({t[0]} is {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"[{t[0]}, {t[1]}]"),
        st.tuples(names, inner).map(lambda t: f"{t[0]}[{t[1]}:]"),
        inner.map(lambda e: f"not {e}"),
    )


expressions = st.recursive(st.one_of(names, literals), grow, max_leaves=6)
# What gives an iterator, which Python prints as an address.
LISTS = ("items", "unique", "reverse")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(expressions, min_size=20, max_size=20))
def test_generated_expressions(render, found):
    cases = []
    for expression in found:
        for name in LISTS:
            expression = expression.replace(f"|{name}", f"|{name}|list")
        cases.append(("{{ " + expression + " }}", VALUES))
    compare(render, cases)


spaces = st.sampled_from(["", " ", "\n", "  ", " \n ", "\n\n", "x", "\t", "x\n", "\n  x"])
tags = st.sampled_from(
    ["{% if t %}", "{%- if t %}", "{% if t -%}", "{%+ if t %}", "{% if t +%}", "{{ n }}",
    "{{- n }}",
     "{{ n -}}", "{# c #}", "{#- c #}", "{# c -#}", "{% raw %} {{ {% endraw %}",
     "{%- raw -%} {%- endraw -%}"]
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(spaces, tags, spaces), max_size=8), st.integers(0, 3))
def test_generated_white_space(render, parts, closing):
    end = ("{% endif %}", "{%- endif %}", "{% endif -%}\n", "{%+ endif +%}")[closing]
    text = "".join(a + tag + b + (end if " if " in tag else "") + "\n" for a, tag, b in parts)
    compare(render, [(text, VALUES)])
