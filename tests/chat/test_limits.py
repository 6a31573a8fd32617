# SPDX-License-Identifier: Apache-2.0
"""Hostile templates end with one line that names the line of the template."""

import pytest

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
    "lowest": ("{{ (-9223372036854775807 - 1) // -1 }}", "an integer beyond 64 bits"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_limits(name, render):
    template, message = HOSTILE[name]
    ((ok, said),) = render([("line one\n{# two #}\n" + template, {"messages": []})])
    assert not ok and said.startswith("chat template, line 3: ") and message in said, said
    assert "\n" not in said and len(said) < 500


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
