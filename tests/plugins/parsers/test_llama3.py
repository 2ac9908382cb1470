"""Llama's calls, as its models write them."""

from __future__ import annotations

import pytest

from mentor_core.contracts.trajectory import Call
from mentor_plugins.parsers.llama3 import Llama3Parser

parser = Llama3Parser()
ADD, NOW = Call("add", {"a": 1, "b": 2}), Call("now", {})
WRITTEN = '{"name": "add", "parameters": {"a": 1, "b": 2}}'


@pytest.mark.parametrize(
    ("turn", "calls", "content"),
    [
        (WRITTEN, [ADD], ""),
        (f"<|python_tag|>{WRITTEN}", [ADD], ""),
        ('<|python_tag|>{"name": "now"}', [NOW], ""),
        ('{"type": "function", "name": "add", "parameters": {"a": 1, "b": 2}}', [ADD], ""),
        ('{"function": {"name": "add", "arguments": {"a": 1, "b": 2}}}', [ADD], ""),
        (f"{WRITTEN}; {WRITTEN}", [ADD, ADD], ""),
        (f"{WRITTEN}\n{WRITTEN}", [ADD, ADD], ""),
        (f"<|python_tag|>{WRITTEN};\n{WRITTEN}", [ADD, ADD], ""),
        (f"[{WRITTEN}, {WRITTEN}]", [ADD, ADD], ""),
        (f"[\n  {WRITTEN}\n]", [ADD], ""),
        (f"I add.\n{WRITTEN}", [ADD], "I add."),
        (f"I add.\n\n{WRITTEN}\nThen I wait.", [ADD], "I add.\n\n\nThen I wait."),
        ('{"name": "now", "parameters": {}}', [NOW], ""),
    ],
)
def test_what_llama_writes_is_read(turn, calls, content):
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.content, parsed.failure) == (calls, content, None)


@pytest.mark.parametrize(
    "answer",
    ['{"total": 3}', '{"name": "Tom"}', "[1, 2]", "[]", f"Say {WRITTEN} to add.", "{a}", "[{}]"],
)
def test_an_answer_may_be_json(answer):
    # It would be taken for a broken call, and the episode would go on without its answer.
    parsed = parser.parse(answer)
    assert (parsed.calls, parsed.content, parsed.failure) == ([], answer, None)


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        ('{"name": "add", "parameters": {"a": 1', "malformed_json"),
        ('[{"name": "add", "parameters": {"a": 1}', "malformed_json"),
        ('{"name": "add", "parameters": {"a": add(1, 2)}}', "malformed_json"),
        ('{"name": "add", "parameters": [1]}', "malformed_call"),
        ('{"name": 3, "parameters": {}}', "malformed_call"),
        ('<|python_tag|>brave_search.call(query="x")', "malformed_json"),
        ("<|python_tag|>[]", "no_call"),
        ("<|python_tag|>", "no_call"),
        ('<|python_tag|>{"total": 3}', "malformed_call"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(turn, failure):
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.failure) == ([], failure)


def test_the_calls_before_a_malformed_one_are_kept():
    parsed = parser.parse(f'{WRITTEN}; {{"name": "add", "parameters": ')
    assert (parsed.calls, parsed.failure) == ([ADD], "malformed_json")
