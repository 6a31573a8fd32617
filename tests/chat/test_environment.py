# SPDX-License-Identifier: Apache-2.0
"""The tests' Jinja2 environment is transformers'."""

from __future__ import annotations

from tests.chat import environment


def test_equals_that_of_transformers(requires_tool):
    requires_tool("torch")  # comes with transformers
    from transformers.utils import chat_template_utils

    theirs = chat_template_utils._compile_jinja_template("").environment
    ours = environment.make()
    for name in ("trim_blocks", "lstrip_blocks", "keep_trailing_newline", "autoescape"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert type(ours) is type(theirs)
    assert len(ours.extensions) == len(theirs.extensions)
    assert set(ours.globals) == set(theirs.globals)
    assert set(ours.filters) == set(theirs.filters)
    for value in ({"b": "é<&'", "a": [1, 2.5, None, True]}, "x\u2028", [{}], 10**30):
        for words in ("", "(indent=2)", "(sort_keys=true)", "(ensure_ascii=true)"):
            text = "{{ v|tojson" + words + " }}"
            ours_text = ours.from_string(text).render(v=value)
            assert ours_text == theirs.from_string(text).render(v=value)
    text = "a{% generation %}b{% if true %}\nc{% endif %}{% endgeneration %}\n"
    assert ours.from_string(text).render() == theirs.from_string(text).render()
