"""Items of OpenAI's Responses API."""

import pytest

from mentor_core import Call, RowError
from mentor_core.door.registry import RECORD_FORMATS, create

ADD = Call("add", {"a": 1, "b": 2}, "3")


def read(row, **options):
    return create(RECORD_FORMATS, "responses", options).read(row)


def test_responses_items():
    function = {"name": "add", "arguments": '{"a": 1, "b": 2}'}
    said = {"type": "output_text", "text": "3"}
    trajectory = read({
            "instructions": "Be brief.",
            "input": "1 + 2?",
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a sum"}]},
                {"type": "function_call", "call_id": "x", **function},
                {"type": "function_call", "call_id": "y", "name": "now", "arguments": ""},
                {"type": "function_call_output", "call_id": "y", "output": "noon"},
                {"type": "function_call_output", "call_id": "x", "output": "3"},
                {"type": "message", "role": "assistant", "content": [said]},
            ],
            "tools": [{"type": "function", "name": "add"}],
        },
    )  # fmt: skip
    assert [m["role"] for m in trajectory.prompt] == ["system", "user"]
    assert trajectory.turns[0].text == "<think>\na sum\n</think>"
    assert trajectory.calls == [ADD, Call("now", {}, "noon")]
    assert (trajectory.answer, trajectory.tools) == ("3", ["add"])


def test_a_refusal_among_responses_is_text_and_a_search_is_refused():
    refusal = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    assert read({"items": [refusal]}).answer == "No."
    with pytest.raises(RowError, match="'web_search_call' is neither"):
        read({"input": [{"type": "web_search_call", "id": "w"}]})
