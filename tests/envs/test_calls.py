"""References as calls: checked against the tools, and played."""

from __future__ import annotations

import pytest

from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import DataError
from mentor_core.tools.tool import Tool
from mentor_envs.calls import check_calls, play, valid_arguments


def add(a: int, b: int = 1) -> int:
    """a + b."""
    return a + b


TOOLS = {"add": Tool(add)}


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ({"name": "ad", "arguments": {}}, "unknown tool 'ad'; did you mean add?"),
        ({"name": "add", "arguments": {"a": "x"}}, "argument 'a'"),
        ({"name": "add", "arguments": {}}, "argument 'a'"),
    ],
)
def test_a_call_that_no_tool_takes_is_named(call, problem):
    good = {"name": "add", "arguments": {"a": 1}}
    check_calls([good], TOOLS, "rows.jsonl:3: calls")
    with pytest.raises(DataError) as raised:
        check_calls([good, call], TOOLS, "rows.jsonl:3: calls")
    assert str(raised.value).startswith("rows.jsonl:3: calls.1: ")
    assert problem in str(raised.value)


def test_a_reference_is_played_one_call_a_turn_and_not_changed():
    given = {"name": "add", "arguments": {"a": 1}}
    turns = list(play([given, given], "Answer: 2"))
    assert [(text, len(calls)) for text, calls in turns] == [("", 1), ("", 1), ("Answer: 2", 0)]
    turns[0][1][0].arguments["a"] = 5
    assert given["arguments"] == {"a": 1}


def test_arguments_are_completed_or_refused():
    assert valid_arguments(TOOLS, Call("add", {"a": 1})) == {"a": 1, "b": 1}
    assert valid_arguments(TOOLS, Call("add", {"a": "1"})) is None
    assert valid_arguments(TOOLS, Call("sub", {"a": 1})) is None
