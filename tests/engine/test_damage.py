# SPDX-License-Identifier: Apache-2.0
"""Randomly damaged models: refused, or they work; never a crash."""

import subprocess

import pytest

from weights.gguf import Kind, Value

TEMPLATE = """{%- set ns = namespace(n=0) -%}
{%- macro turn(m, last=false) -%}
<|im_start|>{{ m.role | upper }}{{ m['content'] | trim | replace('x', 'y') }}{% if not last %}
<|im_end|>{% endif %}
{%- endmacro -%}
{{ bos_token }}{% for m in messages if m.role != 'tool' %}
{%- set ns.n = ns.n + loop.index0 * 2 ** 3 % 5 -%}
{%- if m.role not in ['system', 'user', "assistant"] -%}{{ raise_exception('role') }}
{%- elif loop.last and m.content is string and m.content[-2:1:-1] != '' -%}{{ turn(m, true) }}
{%- else -%}{{ turn(m) }}{{ {'a': [1, 2.5, none]}.get('a') | tojson }}{% endif -%}
{%- endfor -%}
{{ 'z' ~ ns.n ~ range(3) | join(',') }}{% if add_generation_prompt %}>{% endif %}"""


@pytest.mark.parametrize("case", ["bias", "mha-spm"])
def test_random_damage(ctest, tiny, case):
    def edit(metadata, _tensors):
        metadata["tokenizer.chat_template"] = Value(Kind.STRING, TEMPLATE)

    command = [ctest("fuzz/fuzz_engine"), "1000", tiny(case, "q8_0", edit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
