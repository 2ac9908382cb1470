"""Conversational rows of TRL."""

import json

from mentor_core import Call
from mentor_core.door.registry import RECORD_FORMATS, create

ADD = Call("add", {"a": 1, "b": 2}, "3")
SCHEMA = {
    "type": "function",
    "function": {"name": "add", "description": "Sum.", "parameters": {"type": "object"}},
}


def read(row, **options):
    return create(RECORD_FORMATS, "trl", options).read(row)


def test_trl_rows_have_results_without_ids():
    user = {"role": "user", "content": "1 + 2?"}
    completion = [
        {
            "role": "assistant",
            "tool_calls": [
                {"type": "function", "function": {"name": "now", "arguments": {}}},
                {"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": 2}}},
            ],
        },
        {"role": "tool", "name": "add", "content": "3"},
        {"role": "tool", "name": "now", "content": "noon"},
        {"role": "assistant", "content": "3"},
    ]
    one = read({"prompt": [user], "completion": completion, "tools": json.dumps([SCHEMA])})
    assert one.calls == [Call("now", {}, "noon"), ADD]
    assert one == read({"messages": [user, *completion], "tools": [SCHEMA]})
    assert one.tools == ["add"]
