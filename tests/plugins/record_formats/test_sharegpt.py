"""Rows of ShareGPT, Hermes and LLaMA-Factory."""

import json

import pytest

from mentor_core import Call, RowError, Trajectory, Turn
from mentor_core.door.registry import RECORD_FORMATS, create

ADD = Call("add", {"a": 1, "b": 2}, "3")
SCHEMA = {
    "type": "function",
    "function": {"name": "add", "description": "Sum.", "parameters": {"type": "object"}},
}


def read(row, **options):
    return create(RECORD_FORMATS, "sharegpt", options).read(row)


def test_hermes_rows_have_calls_as_text():
    asked = "You may call <tools>" + json.dumps([SCHEMA]) + "</tools>."
    said = (
        'Both.\n<tool_call>\n{"arguments": {"a": 1, "b": 2}, "name": "add"}\n</tool_call>\n'
        '<tool_call>\n{"name": "now"}\n</tool_call>'
    )
    trajectory = read(
        {
            "id": "row",
            "conversations": [
                {"from": "system", "value": asked},
                {"from": "human", "value": "1 + 2?"},
                {"from": "gpt", "value": said},
                {
                    "from": "tool",
                    "value": "<tool_response>\n3\n</tool_response>\n<tool_response>\nnoon\n"
                    "</tool_response>\n",
                },
                {"from": "gpt", "value": "3"},
            ],
        },
    )
    assert trajectory.turns[0].text == "Both."
    assert trajectory.calls == [ADD, Call("now", {}, "noon")]
    assert (trajectory.answer, trajectory.tools) == ("3", ["add"])


def test_a_call_that_cannot_be_read_stays_as_a_rollout_would_have_it():
    trajectory = read(
        {
            "conversations": [
                {"from": "human", "value": "1 + 2?"},
                {"from": "gpt", "value": "<tool_call>\n{add}\n</tool_call>"},
                {"from": "tool", "value": "Error: not JSON"},
                {"from": "gpt", "value": "3"},
            ]
        },
    )
    first = trajectory.turns[0]
    assert (first.text, first.parse_failure) == (
        "<tool_call>\n{add}\n</tool_call>",
        "malformed_json",
    )
    assert first.observation == [{"role": "tool", "name": "", "content": "Error: not JSON"}]


def test_llama_factorys_calls_stand_alone():
    calls = '[{"name": "add", "arguments": {"a": 1, "b": 2}}]'
    trajectory = read(
        {
            "system": "Be brief.",
            "conversations": [
                {"from": "human", "value": "1 + 2?"},
                {"from": "function_call", "value": calls},
                {"from": "observation", "value": "3"},
                {"from": "gpt", "value": "3"},
            ],
            "tools": json.dumps([SCHEMA]),
        },
    )
    assert trajectory.calls == [ADD]
    assert trajectory.tools == ["add"]


def test_text_that_would_hide_calls_is_not_written():
    turn = Turn("See <tool_call>", [ADD])
    with pytest.raises(RowError, match="has marks of calls itself"):
        create(RECORD_FORMATS, "sharegpt").write(Trajectory("t", "", turns=[turn]))
