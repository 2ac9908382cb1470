"""Rows of Anthropic's Messages API."""

from mentor_core import Call, Trajectory, Turn
from mentor_core.door.registry import RECORD_FORMATS, create

ADD = Call("add", {"a": 1, "b": 2}, "3")
SCHEMA = {
    "type": "function",
    "function": {"name": "add", "description": "Sum.", "parameters": {"type": "object"}},
}


def read(row, **options):
    return create(RECORD_FORMATS, "anthropic", options).read(row)


def test_anthropic_blocks():
    three = {"type": "text", "text": "3"}
    trajectory = read({
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "1 + 2?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "a sum", "signature": "…"},
                        {"type": "text", "text": "Adding."},
                        {"type": "tool_use", "id": "x", "name": "add", "input": {"a": 1, "b": 2}},
                        {"type": "tool_use", "id": "y", "name": "now", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "y", "is_error": True},
                        {"type": "tool_result", "tool_use_id": "x", "content": [three]},
                        {"type": "text", "text": "Go on."},
                    ],
                },
                {"role": "assistant", "content": "3"},
            ],
            "tools": [{"name": "add", "input_schema": {}}],
        },
    )  # fmt: skip
    first = trajectory.turns[0]
    assert first.text == "<think>\na sum\n</think>\n\nAdding."
    assert first.calls == [ADD, Call("now", {}, "", "tool_error")]
    assert [m["content"] for m in first.observation] == ["3", "", "Go on."]
    assert (trajectory.answer, trajectory.tools) == ("3", ["add"])


def test_anthropic_gets_the_results_of_a_turn_in_one_message_and_its_own_schemas():
    trajectory = Trajectory("t", "", turns=[Turn("", [ADD, ADD]), Turn("3")])
    row = create(RECORD_FORMATS, "anthropic").write(trajectory, [SCHEMA])
    assert [len(message["content"]) for message in row["messages"]] == [2, 2, 1]
    assert row["tools"] == [
        {"name": "add", "description": "Sum.", "input_schema": {"type": "object"}}
    ]
