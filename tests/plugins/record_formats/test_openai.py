"""Rows of chat-completions messages, as they are found in the wild."""

from typing import get_args

import pytest

from mentor_core import Call, EndReason, RowError, Turn
from mentor_core.door.registry import RECORD_FORMATS, create

OPENAI = create(RECORD_FORMATS, "openai")
ENDS = ", ".join(get_args(EndReason))
SAID = {"role": "assistant", "content": "x"}
ADD = {"name": "add", "arguments": '{"a": 1, "b": 2}'}


def call(identity, **function):
    return {"id": identity, "type": "function", "function": function}


def row(*messages, **fields):
    return {"messages": [{"role": "user", "content": "1 + 2?"}, *messages], **fields}


def test_parallel_calls_get_their_results_in_whatever_order_those_come():
    trajectory = OPENAI.read(
        row(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [call("a", **ADD), call("b", name="now", arguments={})],
            },
            {"role": "tool", "tool_call_id": "b", "content": "noon"},
            {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "3"}]},
            {"role": "assistant", "content": "It is 3."},
            tools=[{"type": "function", "function": {"name": "add"}}, {"name": "now"}],
        )
    )
    first, last = trajectory.turns
    assert first.calls == [Call("add", {"a": 1, "b": 2}, "3"), Call("now", {}, "noon")]
    assert first.observation == [
        {"role": "tool", "name": "add", "content": "3"},
        {"role": "tool", "name": "now", "content": "noon"},
    ]
    assert last == Turn("It is 3.")
    assert (trajectory.source, trajectory.end, trajectory.answer) == (
        "teacher",
        "answered",
        "It is 3.",
    )
    assert trajectory.tools == ["add", "now"]
    assert trajectory.outcome is None


@pytest.mark.parametrize("arguments", ["", None, "{}", {}, '"{}"'])
def test_arguments_that_are_none_are_an_empty_object(arguments):
    said = {"role": "assistant", "tool_calls": [call("a", name="now", arguments=arguments)]}
    trajectory = OPENAI.read(row(said))
    assert trajectory.calls == [Call("now", {})]
    assert trajectory.end is None  # nobody has answered


def test_a_refusal_and_reasoning_are_text():
    refused = OPENAI.read(row({"role": "assistant", "content": None, "refusal": "I cannot."}))
    assert refused.answer == "I cannot."
    thought = OPENAI.read(
        row({"role": "assistant", "reasoning_content": "1 and 2", "content": "3"})
    )
    assert thought.turns[0].text == "<think>\n1 and 2\n</think>\n\n3"
    assert thought.answer == "3"


def test_the_older_protocol_is_read():
    trajectory = OPENAI.read(
        row(
            {"role": "assistant", "content": None, "function_call": ADD},
            {"role": "function", "name": "add", "content": "3"},
            functions=[{"name": "add", "parameters": {}}],
        )
    )
    assert trajectory.calls == [Call("add", {"a": 1, "b": 2}, "3")]
    assert trajectory.tools == ["add"]


def test_a_row_names_its_task_or_is_named_after_what_its_user_says():
    answer = {"role": "assistant", "content": "3"}
    named = OPENAI.read(row(answer, task_id="t1", env="calculator", outcome=1))
    assert (named.task_key, named.outcome) == (("calculator", "t1"), 1.0)
    one, same = OPENAI.read(row(answer)), OPENAI.read(row({**answer, "content": "three"}))
    assert one.task_id == same.task_id != OPENAI.read(row(row()["messages"][0], answer)).task_id
    own = create(RECORD_FORMATS, "openai", {"env": "sums", "task_field": "uid"})
    assert own.read(row(answer, uid=7, env="other")).task_key == ("sums", "7")
    with pytest.raises(RowError, match="no uid, which names the task"):
        own.read(row(answer))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "messages is not a list"),
        ({"messages": []}, "no assistant message"),
        ({"messages": ["hello"]}, "a message is not an object"),
        (row({"role": "narrator", "content": "x"}), "a message has no role that is known"),
        (row({"role": ["user"], "content": "x"}), "a message has no role that is known"),
        (
            row({"role": "user", "content": {"a": 1}}),
            "a part of a message is of type 'object', which is not text",
        ),
        (
            row({"role": "assistant", "tool_calls": [call("a", name="add", arguments="[1]")]}),
            "a call's arguments are not a JSON object of at most 100 levels",
        ),
        (row({"role": "assistant", "tool_calls": [call("a")]}), "a call has no name"),
        (
            row({"role": "assistant", "content": "x"}, {"role": "tool", "content": "3"}),
            "a tool's result answers no call of the turn before it",
        ),
        (
            row({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}),
            "a part of a message is of type 'image_url', which is not text",
        ),
        (row(SAID, outcome=2), "outcome is not a number in [0, 1]"),
        (row(SAID, outcome="yes"), "outcome is not a number in [0, 1]"),
        (row(SAID, end_reason="bored"), f"end_reason is none of {ENDS}"),
        (row(SAID, end_reason=["answered"]), f"end_reason is none of {ENDS}"),
        (row(SAID, final_answer=3), "final_answer is not text"),
        (row(SAID, tools=[3]), "tools is not a list of tools with names"),
    ],
)
def test_a_row_that_holds_none_says_why(given, why):
    with pytest.raises(RowError) as caught:
        OPENAI.read(given)
    assert str(caught.value) == why


def test_calls_that_a_student_wrote_as_text_are_written_once():
    written = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
    text = f"<think>\nhm\n</think>\n\nSo:\n{written}"
    read = OPENAI.read(row({"role": "assistant", "content": "3"}))
    read.turns = [Turn(text, [Call("add", {"a": 1}, "3")])]
    (_, said, result) = OPENAI.write(read)["messages"]
    assert said["content"] == "<think>\nhm\n</think>\n\nSo:"
    assert len(said["tool_calls"]) == 1
    assert result == {"role": "tool", "tool_call_id": "call00000", "content": "3"}


def test_a_complaint_about_a_call_that_could_not_be_read_is_what_the_user_says():
    read = OPENAI.read(row({"role": "assistant", "content": "<tool_call>"}))
    read.turns[0].observation = [{"role": "tool", "name": "", "content": "Error: no"}]
    assert OPENAI.write(read)["messages"][-1] == {
        "role": "user",
        "content": "<tool_response>\nError: no\n</tool_response>",
    }
