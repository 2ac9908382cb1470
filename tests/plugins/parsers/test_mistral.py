"""Mistral's calls, in both of its forms."""

from __future__ import annotations

import pytest

from mentor_core.contracts.trajectory import Call
from mentor_plugins.parsers.mistral import MistralParser

parser = MistralParser()
ADD, NOW = Call("add", {"a": 1, "b": 2}), Call("now", {})
WRITTEN = '{"name": "add", "arguments": {"a": 1, "b": 2}, "id": "D681PevKs"}'


@pytest.mark.parametrize(
    ("turn", "calls", "content"),
    [
        (f"[TOOL_CALLS] [{WRITTEN}]", [ADD], ""),
        (f"[TOOL_CALLS][{WRITTEN}, {WRITTEN}]", [ADD, ADD], ""),
        (f"[TOOL_CALLS]{WRITTEN}", [ADD], ""),
        (f"I add.[TOOL_CALLS] [{WRITTEN}]", [ADD], "I add."),
        ('[TOOL_CALLS]add[ARGS]{"a": 1, "b": 2}', [ADD], ""),
        ('[TOOL_CALLS]add{"a": 1, "b": 2}', [ADD], ""),
        ('[TOOL_CALLS] add [CALL_ID]D681PevKs[ARGS] {"a": 1, "b": 2}', [ADD], ""),
        ('[TOOL_CALLS]add[ARGS]{"a": 1, "b": 2}[TOOL_CALLS]now[ARGS]{}', [ADD, NOW], ""),
        ("[THINK]hm[/THINK]I add.[TOOL_CALLS]now[ARGS]{}", [NOW], "I add."),
    ],
)
def test_what_mistral_writes_is_read(turn, calls, content):
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.content, parsed.failure) == (calls, content, None)


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        ("[TOOL_CALLS]", "no_call"),
        ("[TOOL_CALLS] []", "no_call"),
        ("[TOOL_CALLS] [{", "malformed_json"),
        ("[TOOL_CALLS] add(1, 2)", "malformed_json"),
        ('[TOOL_CALLS]add[ARGS]{"a": 1', "malformed_json"),
        ("[TOOL_CALLS]add[ARGS]1", "malformed_json"),
        ("[TOOL_CALLS] [1]", "malformed_call"),
        ('[TOOL_CALLS] [{"name": "add", "arguments": [1]}]', "malformed_call"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(turn, failure):
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.failure) == ([], failure)


def test_the_calls_beside_a_malformed_one_are_kept():
    parsed = parser.parse("[TOOL_CALLS]now[ARGS]{[TOOL_CALLS]now[ARGS]{}")
    assert (parsed.calls, parsed.failure) == ([NOW], "malformed_json")
