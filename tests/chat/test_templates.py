# SPDX-License-Identifier: Apache-2.0
"""Published template shapes and conversations give what Jinja2 gives."""

import itertools
import struct
import subprocess

import pytest

from tests.chat.conftest import compare, pack_text, reference, unpack
from tests.chat.templates import ALL, CHATML
from tests.tokenizer.vocabularies import CONTROL, NORMAL, write

USER, ASSISTANT, SYSTEM = (
    ("user", "Hello, who are you?"),
    ("assistant", " I am.\n"),
    ("system", "Be short."),
)
CONVERSATIONS = {
    "one": [USER],
    "system": [SYSTEM, USER],
    "turns": [USER, ASSISTANT, ("user", "  Größe 漢字 🙂\u3000")],
    "system and turns": [SYSTEM, USER, ASSISTANT, ("user", "more"), ("assistant", "yes"), USER],
    "empty content": [("user", "")],
    "only system": [SYSTEM],
    "wrong order": [USER, USER],
    "assistant first": [ASSISTANT],
    "lines": [("user", "\n\n a \n\tb\r\n {{ x }} {% if %} \\n \"q\" 'q' \n\n")],
    "thought": [
        USER,
        ("assistant", "<think>\nhm\n</think>\n\nyes"),
        USER,
        ("assistant", "<think>a</think>b"),
    ],
    "tool message": [USER, ("tool", "42")],
    "none": [],
}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather", "description": "It's \"the\" weather — now",
        "parameters": {
            "type": "object", "required": ["city"],
            "properties": {
                "city": {"type": "string", "description": "größte Stadt"},
                "days": {"type": "integer", "default": 3},
                "units": {"type": "string", "enum": ["c", "f"]},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        },
        "strict": True, "limit": 1.5, "none": None,
    },
}  # fmt: skip
CALL = {"id": "abcdefghi", "type": "function",
        "function": {"name": "weather", "arguments": {"city": "Köln", "days": 2}}}  # fmt: skip


def messages(turns):
    return [{"role": role, "content": content} for role, content in turns]


def variables(chat, prompt, **more):
    base = {"messages": chat, "tools": None, "documents": None, "add_generation_prompt": prompt}
    return {**base, "bos_token": "<s>", "eos_token": "</s>", **more}


@pytest.mark.parametrize("name", ALL)
def test_conversations(name, render):
    cases = [
        (ALL[name], variables(messages(turns), prompt))
        for turns, prompt in itertools.product(CONVERSATIONS.values(), (True, False))
    ]
    compare(render, cases)


@pytest.mark.parametrize("name", ALL)
def test_tools(name, render):
    call = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    two = {"role": "assistant", "content": "hm", "tool_calls": [CALL, CALL]}
    result = {"role": "tool", "content": "sunny", "tool_call_id": "abcdefghi"}
    mapped = {"role": "tool", "content": {"content": [1, "é"], "b": None}}
    parts = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " see "}]}
    user = messages([USER])
    chats = (user, [*user, call, result], [*user, two, result, result], [*user, call, mapped],
             [parts], [parts, call])  # fmt: skip
    more = ({}, {"tools_in_user_message": False}, {"enable_thinking": False},
            {"builtin_tools": ["weather", "code_interpreter"]}, {"date_string": "x"})  # fmt: skip
    tools = (None, [TOOL], [TOOL, TOOL])
    cases = [
        (ALL[name], variables(chat, True, **{"tools": given, **rest}))
        for chat, given, rest in itertools.product(chats, tools, more)
    ]
    compare(render, cases)


def ask(program, arguments, cases):
    stdin = b""
    for template, turns, prompt in cases:
        stdin += pack_text(template) if template is not None else b""
        stdin += struct.pack("<II", prompt, len(turns))
        stdin += b"".join(pack_text(role) + pack_text(content) for role, content in turns)
    command = [program, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


def test_chat_render_fills_in_the_variables(program):
    cases = [(CHATML, turns, prompt) for turns in CONVERSATIONS.values() for prompt in (0, 1)]
    got = unpack(ask(program, ["messages"], cases))
    for (template, turns, prompt), result in zip(cases, got, strict=True):
        assert result == reference(template, variables(messages(turns), bool(prompt)))


def test_broken_utf8_in_a_message_is_replaced(program):
    out = unpack(ask(program, ["messages"], [(CHATML, [("user", b"a\xffb\xe2\x82")], 0)]))
    assert out == [(True, "<|im_start|>user\na\ufffdb\ufffd<|im_end|>\n")]


def test_a_broken_bos_is_repaired(program, tmp_path):
    template = (
        "{{ bos_token }}|{{ bos_token | length }}|{{ bos_token[0] }}|{{ eos_token | tojson }}"
    )
    file = tmp_path / "t.gguf"
    write(file, "llama", ["<unk>", "<B>", "<E>"], [2, CONTROL, CONTROL], template, scores=[0.0] * 3)
    data = file.read_bytes()
    file.write_bytes(data.replace(b"<B>", b"\xa9b\xe6").replace(b"<E>", b"e\xf0\x9f"))
    assert unpack(ask(program, ["model", file], [(None, [USER], 1)])) == [
        (True, '\ufffdb\ufffd|3|\ufffd|"e\ufffd"')
    ]


def test_the_models_own_template_and_tokens(program, tmp_path):
    tokens = ["<unk>", "<B>", "<E>", "a"]
    types = [2, CONTROL, CONTROL, NORMAL]
    template = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ unk_token }}"
    file = write(tmp_path / "v.gguf", "llama", tokens, types, scores=[0.0] * 4)
    assert ask(program, ["model", file], []) == b"none\n"
    file = write(tmp_path / "t.gguf", "llama", tokens, types, template, scores=[0.0] * 4)
    assert unpack(ask(program, ["model", file], [(None, [USER], 1)])) == [
        (True, f"<B>{USER[1]}<E>")
    ]
