# SPDX-License-Identifier: Apache-2.0
"""Hostile templates end with one line that names the line of the template."""

import pytest

from tests.chat.conftest import compare

# Two values that are equal and grow in each turn, compared in one way after it.
GROW = (
    "{% set ns = namespace(a=[], b=[], n=0) %}{% for i in range(TURNS) %}"
    "{% set ns.a = STEP_A %}{% set ns.b = STEP_B %}{% endfor %}{{ ASK }}"
)


def grown(turns: int, step: str, ask: str) -> str:
    template = GROW.replace("TURNS", str(turns)).replace("ASK", ask)
    steps = (step.replace("X", "ns.a"), step.replace("X", "ns.b"))
    return template.replace("STEP_A", steps[0]).replace("STEP_B", steps[1])


HOSTILE = {
    "loops": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "more than",
    ),
    "steps": (
        "{% for a in range(99999) %}{{ 0" + " * 0" * 60 + " }}{% endfor %}",
        "more than 5000000 steps",
    ),
    "a huge range": ("{{ range(10000000) }}", "a range of more than 100000 items"),
    "recursion": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nest too deep"),
    "repetition": ("{{ 'a' * 1000000000 }}", "a repetition of more than"),
    "lists": ("{{ [1, 2, 3] * 1000000000 }}", "a repetition of more than"),
    "doubling": (
        "{% set n = namespace(x='ab') %}{% for i in range(99) %}"
        "{% set n.x = n.x ~ n.x %}{% endfor %}",
        "bytes",
    ),
    "replacing": ("{% set x = 'a' * 100000 %}{{ x | replace('', x) }}", "a text of more than"),
    "joining": ("{% set x = 'a' * 1000000 %}{{ range(99999) | join(x) }}", "a text of more than"),
    "output": (
        "{% set x = 'a' * 1000000 %}{% for i in range(9999) %}{{ x }}{% endfor %}",
        "a text of more than",
    ),
    "many values": (
        "{% for i in range(99999) %}{% set x = range(9999)|list %}{% endfor %}",
        "bytes of values",
    ),
    "parentheses": ("{{ " + "(" * 100000, "nest too deep"),
    "brackets": ("{{ " + "[" * 150 + "]" * 150 + " }}", "nests too deep"),
    "not": ("{{ " + "not " * 100000 + "x }}", "nests too deep"),
    "minus": ("{{ " + "- " * 100000 + "1 }}", "nests too deep"),
    "blocks": ("{% if 1 %}" * 100000, "nests too deep"),
    "sums": ("{{ 1" + " + 1" * 100000 + " }}", "nest too deep"),
    "items": ("{{ messages" + "[0]" * 100000 + " }}", "nest too deep"),
    "integers": ("{{ 9223372036854775807 + 1 }}", "an integer beyond 64 bits"),
    "big literal": ("{{ 9223372036854775808 }}", "an integer that is too large"),
    "deep ==": (grown(100000, "[X]", "ns.a == ns.b"), "nest too deep"),
    "deep <": (grown(100000, "[X]", "ns.a < ns.b"), "nest too deep"),
    "deep dicts": (grown(100000, "{1: X}", "ns.a == ns.b"), "nest too deep"),
    "deep in": (grown(100000, "[X]", "ns.a in [ns.b]"), "nest too deep"),
    "deep sort": (grown(100000, "[X]", "[ns.a, ns.b] | sort"), "nest too deep"),
    "deep max": (grown(100000, "[X]", "[ns.a, ns.b] | max"), "nest too deep"),
    "deep eq": (grown(100000, "[X]", "ns.a is eq(ns.b)"), "nest too deep"),
    "deep index": (grown(100000, "[X]", "[ns.a].index(ns.b)"), "nest too deep"),
    "deep key": (grown(100000, "(X,)", "{ns.a: 1}"), "unhashable"),
    "deep get": (grown(100000, "(X,)", "{}.get(ns.a)"), "unhashable"),
    "deep tojson": (grown(100000, "[X]", "ns.a | tojson"), "nests too deep"),
    "deep text": (grown(100000, "[X]", "ns.a ~ ''"), "nests too deep"),
    "deep join": (grown(100000, "[X]", "[ns.a] | join"), "nests too deep"),
    "wide ==": (grown(60, "[X, X]", "ns.a == ns.b"), "more than 5000000 steps"),
    "wide <": (grown(60, "[X, X]", "ns.a < ns.b"), "more than 5000000 steps"),
    "wide dicts": (grown(60, "{1: X, 2: X}", "ns.a != ns.b"), "more than 5000000 steps"),
    "wide key": (grown(60, "(X, X)", "{ns.a: 1}"), "unhashable"),
    "wide tojson": (grown(60, "{1: X, 2: X}", "ns.a | tojson"), "more than"),
    "wide text": (grown(60, "[X, X]", "ns.a | string"), "more than"),
    "map of map": (
        grown(100000, "[X]", "ns.a | map(" + "'map', " * 100000 + "'list')"), "nest too deep"
    ),
    "copies": ("{{ ([range(99999)] * 90000) | map('list') | length }}", "bytes of values"),
    "cases": ("{% set x = 'a' * 9999999 %}{{ ([x] * 9999) | sort | length }}", "bytes of values"),
    "characters": ("{{ ('a' * 60000000) | list }}", "bytes of values"),
    "parts": ("{{ ('a,' * 30000000).split(',') }}", "bytes of values"),
    "a long search": (
        "{% set x = 'a' * 30000000 %}{{ (x ~ 'b') in (x ~ x) }}", "more than 5000000 steps"
    ),
    "searches": (
        "{% set x = 'a' * 60000000 %}{% for i in range(99999) %}{% if 'b' in x %}{% endif %}"
        "{% endfor %}", "more than 5000000 steps"
    ),
    "keywords": ("{{ f(" + "a=1, " * 99999 + ") }}", "'f' is undefined"),
    "comparisons": ("{{ 1" + " < 1" * 99999 + " < x.y.z }}{{ x.y }}", "'x' is undefined"),
    "adjacent strings": ("{{ " + "'a' " * 99999 + "~ x.y }}", "'x' is undefined"),
    "names": ("".join(f"{{% set a{i} = 1 %}}" for i in range(30000)), "more than 5000000 steps"),
    "negated": ("{{ -(-9223372036854775807 - 1) }}", "an integer beyond 64 bits"),
    "abs": ("{{ (-9223372036854775807 - 1) | abs }}", "an integer beyond 64 bits"),
    "int": ("{{ '9223372036854775808' | int }}", "an integer beyond 64 bits"),
    "int of a float": ("{{ 1e300 | int }}", "an integer beyond 64 bits"),
    "power": ("{{ 10 ** 19 }}", "an integer beyond 64 bits"),
    "product": ("{{ 4294967296 * 2147483648 }}", "an integer beyond 64 bits"),
    "sum": ("{{ [9223372036854775807, 1] | sum }}", "an integer beyond 64 bits"),
    "lowest": ("{{ (-9223372036854775807 - 1) // -1 }}", "an integer beyond 64 bits"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_limits(name, render):
    template, message = HOSTILE[name]
    ((ok, said),) = render([("line one\n{# two #}\n" + template, {"messages": []})])
    assert not ok and said.startswith("chat template, line 3: ") and message in said, said
    assert "\n" not in said and len(said) < 500


def test_whole_numbers_at_the_limit(render):
    low, high = "(-9223372036854775807 - 1)", "9223372036854775807"
    expressions = [
        f"{high} % {low}", f"{low} % {high}", f"{high} // {low}", f"{low} % -1", f"{low} // 1",
        f"{low} * 1", f"-{high} | abs", f"'{high}' | int", "'-9223372036854775808' | int",
        f"{low} == {low}", f"[{high}, {low}] | min", "'inf' | int", "'1e5' | int", "2 ** 62",
    ]  # fmt: skip
    compare(render, [("{{ " + e + " }}", {}) for e in expressions])


def test_values_as_deep_as_published_ones(render):
    deep = grown(50, "[X]", "ns.a == ns.b") + grown(50, "{1: X}", "ns.a | tojson")
    keys = "{{ {(1, (2, 'a')): 3}[(1, (2, 'a'))] }}{{ {1: 2}[[]] is defined }}{{ {}[{}] }}"
    compare(render, [(deep, {}), (keys, {}), ("{{ 'größe'[3] ~ 'größe'[-5] ~ 'a'[7] }}", {})])


def test_errors_name_their_line(render):
    cases = [
        ("a\n{{ x.y.z }}", "line 2: 'x' is undefined"),
        ("{% if 1 %}\n\n{{ 1 + 'a' }}{% endif %}", "line 3: unsupported operand types for +"),
        ("\n\n\n{{ 'a }}", "line 4: a string is not closed"),
        ("{% for x in y %}\n", "line 1: the template ends before 'endfor'"),
        ("\n{% frob %}", "line 2: unknown statement 'frob'"),
        ("{{ 1 | frob }}", "line 1: unknown filter 'frob'"),
        ("{{ raise_exception('roles must alternate') }}", "line 1: roles must alternate"),
    ]
    for (_, message), (ok, said) in zip(cases, render([(t, {}) for t, _ in cases]), strict=True):
        assert not ok and message in said, said


def test_no_prefix_of_a_template_crashes(render):
    text = (
        "a{%- set x = namespace(y=[1, 'b']) -%}{% for k, v in x.y|map('int') if v is odd %}{{ k[1:]"
    )
    text += " ~ {'a': -1.5}.a }}{% else %}{# c #}{% raw %}{{{% endraw %}{% endfor %}"
    assert len(render([(text[:n], {}) for n in range(len(text) + 1)])) == len(text) + 1


def test_a_large_template_is_refused(render):
    assert render([("a" * (1 << 20), {})])[0][0]
    assert render([("a" * (1 << 20) + "b", {})]) == [
        (False, "chat template: larger than 1048576 bytes")
    ]
