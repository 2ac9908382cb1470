"""Conversation: whatever a server sends is read as far as possible, and the history is valid."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.provenance import Usage
from mentor_envs.calculator.env import Calculator
from mentor_lab.testing import json_values
from mentor_plugins.policies.conversation import Conversation, Reply

GOOD = {"a": 1, "b": 2}
TEXT = json.dumps(GOOD)


def reply(**message):
    return Reply({"message": {"role": "assistant", "content": None, **message}}, Usage())


def call(arguments=TEXT, name="add", **fields):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **fields}


def check(messages):
    """As strict servers do."""
    waiting, seen = [], set()
    for message in messages:
        assert not waiting or message["role"] == "tool", "a call was not answered at once"
        assert isinstance(message["content"], str)
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
        for made in message.get("tool_calls", ()):
            assert set(made) == {"id", "type", "function"}
            assert isinstance(made["id"], str) and made["id"] and made["id"] not in seen
            seen.add(made["id"])
            waiting.append(made["id"])
            assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", made["function"]["name"])
            assert isinstance(json.loads(made["function"]["arguments"]), dict)
        assert "tool_calls" not in message or message["tool_calls"]
    assert not waiting
    json.dumps(messages, allow_nan=False).encode()


def play(*replies):
    """The conversation of an episode in which the server says these; the calls that were read."""
    env = Calculator(train_size=1)
    opening, _ = env.reset(seed=0, options={"task": env.tasks("train")[0]})
    told, calls = Conversation([dict(m) for m in opening], list(env.tools)), []
    for said in replies:
        told.reply(said)
        observation, *_, info = env.step(said.text)
        told.observe(observation)
        calls += info["calls"]
        check(told.messages)
        if env.end is not None:
            break
    return told.messages, calls


@pytest.mark.parametrize(
    "arguments",
    [GOOD, TEXT, json.dumps(TEXT), json.dumps(json.dumps(TEXT)), f" {TEXT}\n"],
    ids=["object", "text", "twice", "three times", "blanks"],
)
@pytest.mark.parametrize("fields", [{}, {"id": ""}, {"id": None}, {"id": 7}, {"id": "c1"}])
def test_a_call_that_can_be_read_is_made(arguments, fields):
    messages, calls = play(reply(tool_calls=[call(arguments, **fields)]))
    assert [(c.name, c.arguments, c.result) for c in calls] == [("add", GOOD, "3")]
    assert json.loads(messages[-2]["tool_calls"][0]["function"]["arguments"]) == GOOD
    assert messages[-1]["content"] == "3"


@pytest.mark.parametrize("arguments", [None, "", "  ", {}, "{}", '"{}"', "null"])
def test_no_arguments_are_an_empty_object(arguments):
    _, (made,) = play(reply(tool_calls=[call(arguments)]))
    assert (made.arguments, made.failure) == ({}, "bad_arguments")


@pytest.mark.parametrize(
    "arguments", ['{"a": 1', TEXT + TEXT, [1, 2], "[1]", 7, True, '{"a": NaN}', '{"a": "\\ud83d"}']
)
def test_a_call_that_cannot_be_read_is_told_to_the_model(arguments):
    messages, calls = play(reply(tool_calls=[call(arguments, id="x"), call(id="y")]))
    assert [c.result for c in calls] == ["3"]
    answers = {m["tool_call_id"]: m["content"] for m in messages if m["role"] == "tool"}
    assert answers["y"] == "3"
    assert answers["x"].startswith("Error: ")


def test_two_calls_with_one_id_get_their_own_results():
    other = json.dumps({"a": 5, "b": 5})
    messages, _ = play(reply(tool_calls=[call(id="x"), call(other, id="x")]))
    first, second = messages[-3]["tool_calls"]
    assert [(m["tool_call_id"], m["content"]) for m in messages[-2:]] == [
        (first["id"], "3"),
        (second["id"], "10"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "<think>I should add",  # not closed: the calls would count as thought
        '<tool_call>{"name": "add", "arguments": {"a": 9, "b": 9}}</tool_call>',
        "<tool_call>{",
        "</tool_call>",
    ],
)
def test_what_stands_beside_a_call_does_not_hide_it(content):
    messages, calls = play(reply(content=content, tool_calls=[call()]))
    assert [c.result for c in calls] == ["3"]
    assert messages[-2]["content"] == content


def test_content_in_parts_and_calls_of_the_old_protocol_are_read():
    said = reply(content=[{"type": "text", "text": "Answer: "}, {"type": "text", "text": "3"}])
    assert said.text == "Answer: 3"
    _, calls = play(reply(function_call={"name": "add", "arguments": TEXT}))
    assert [c.result for c in calls] == ["3"]


ARGUMENTS = st.one_of(
    json_values(),
    json_values().map(json.dumps),
    json_values().map(json.dumps).map(json.dumps),
    st.text(),
    st.builds(lambda text, cut: text[:cut], json_values().map(json.dumps), st.integers(0, 9)),
    st.just(TEXT),
)
NAMES = st.sampled_from(["add", "divide", "no such tool", "</tool_call>"]) | st.text() | st.none()
CALLS = st.builds(
    lambda arguments, name, identity, extra: {**call(arguments, name), **identity, **extra},
    ARGUMENTS,
    NAMES,
    st.sampled_from([{}, {"id": ""}, {"id": None}, {"id": 0}, {"id": "x"}, {"id": "call00000"}]),
    st.sampled_from([{}, {"function": None}, {"name": "add", "function": 1}]),
)
CONTENT = st.sampled_from([None, "", "Let me.", "<tool_call>", "<think>", "</think>", ["x"]])


@given(st.lists(st.tuples(CONTENT, st.lists(CALLS | json_values(), max_size=4)), max_size=4))
def test_whatever_a_server_sends_the_history_is_valid(turns):
    play(*(reply(content=content, tool_calls=calls) for content, calls in turns))


@given(st.lists(CALLS, min_size=1, max_size=4), CONTENT)
def test_a_call_is_read_as_it_was_or_told_never_another(calls, content):
    said = reply(content=content, tool_calls=calls)
    _, made = play(said)
    readable = [(c.name, c.arguments) for c in said.calls if c.arguments is not None]
    assert [(c.name, c.arguments) for c in made] == readable
    for given_call, read in zip(calls, said.calls, strict=True):
        arguments = (given_call["function"] or {}) if "name" not in given_call else given_call
        if isinstance(arguments, dict) and isinstance(arguments.get("arguments"), dict):
            assert read.arguments in (None, arguments["arguments"])
