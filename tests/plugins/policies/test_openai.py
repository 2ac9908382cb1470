"""The openai policy speaks the protocol: with a scripted server, and with `transformers serve`."""

from __future__ import annotations

import json
import threading

import pytest

from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.play.rollout import Rollout, Start
from mentor_envs.calculator.env import Calculator
from mentor_plugins.models.loading import model_path

pytest.importorskip("httpx")
from mentor_plugins.policies.openai import OpenaiPolicy
from mentor_plugins.policies.transformers import TransformersPolicy

LIMITS = Limits(max_turn_tokens=64, max_episode_tokens=400)


def roll(policy, tasks, sampling=Sampling(0.0), limits=LIMITS, student=None, share=0.0):  # noqa: B008
    policy.prepare(student, sampling, limits)
    rollout = Rollout(Calculator, policy, max_error_share=share)
    try:
        return rollout.run([Start(task, seed) for seed, task in enumerate(tasks)])
    finally:
        rollout.close()


@pytest.fixture(scope="module")
def tasks():
    return Calculator(train_size=8).tasks("train")


def calls(*wanted, content=None):
    """A reply with tool calls: (name, arguments as text)."""
    made = [
        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(wanted)
    ]
    return choice({"role": "assistant", "content": content, "tool_calls": made}, "tool_calls")


def choice(message, reason="stop", tokens=7):
    return 200, {
        "choices": [{"message": message, "finish_reason": reason}],
        "usage": {"completion_tokens": tokens},
    }


def say(text, reason="stop", tokens=7):
    return choice({"role": "assistant", "content": text}, reason, tokens)


def in_turn(*replies):
    """Each conversation gets the replies one after another."""

    def respond(_, request):
        return replies[sum(m["role"] == "assistant" for m in request["messages"])]

    return respond


def test_native_calls_make_an_episode(served, tasks):
    server = served(
        in_turn(
            calls(("add", '{"a": 1, "b": 2}'), ("multiply", '{"a": 2, "b": 5}'), content="Let me."),
            say("Answer: 10"),
        )
    )
    policy = OpenaiPolicy(model="m", base_url=f"{server.url}/v1")
    (episode,) = roll(policy, tasks[:1], Sampling(0.5, top_p=0.9))
    assert (episode.end, episode.answer) == ("answered", "10")
    assert [(c.name, c.result) for c in episode.calls] == [("add", "3"), ("multiply", "10")]
    assert episode.tokens is None
    first, second = (request for _, _, request in server.requests)
    assert (first["model"], first["temperature"], first["top_p"]) == ("m", 0.5, 0.9)
    assert (first["max_tokens"], "top_k" in first) == (64, False)
    assert {tool["function"]["name"] for tool in first["tools"]} == set(Calculator().tools)
    assert [m["role"] for m in second["messages"]] == [
        "system", "user", "assistant", "tool", "tool",
    ]  # fmt: skip
    assert [(m["tool_call_id"], m["content"]) for m in second["messages"][3:]] == [
        ("c0", "3"),
        ("c1", "10"),
    ]
    assert second["max_tokens"] == 64


def test_arguments_that_are_not_json_are_told_to_the_model(served, tasks):
    server = served(
        in_turn(calls(("add", '{"a": 1,'), ("add", '{"a": 1, "b": 2}')), say("Answer: 3"))
    )
    (episode,) = roll(OpenaiPolicy(model="m", base_url=f"{server.url}/v1"), tasks[:1])
    assert episode.turns[0].parse_failure is not None
    answers = server.requests[1][2]["messages"][3:]
    assert {m["tool_call_id"] for m in answers} == {"c0", "c1"}  # servers refuse an open call
    assert answers[0]["content"] == "3"
    assert answers[0]["tool_call_id"] == "c1"
    assert answers[1]["content"].startswith("Error:")


def test_tools_as_text(served, tasks):
    call = '<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>'
    server = served(in_turn(say(call), say("Answer: 3")))
    (episode,) = roll(OpenaiPolicy(model="m", base_url=f"{server.url}/v1", tools="text"), tasks[:1])
    assert [c.result for c in episode.calls] == ["3"]
    first, second = (request for _, _, request in server.requests)
    assert "tools" not in first
    assert "multiply" in first["messages"][0]["content"]
    assert second["messages"][-1]["role"] == "user"
    assert "3" in second["messages"][-1]["content"]


def test_limits_and_reasons(served, tasks):
    with_room = served(in_turn(say("Answer: 1", "length")))
    (cut,) = roll(OpenaiPolicy(model="m", base_url=f"{with_room.url}/v1"), tasks[:1])
    assert cut.end == "token_limit"
    assert cut.answer is None
    dear = served(in_turn(calls(("add", '{"a": 1, "b": 2}')), say("Answer: 3")))
    limits = Limits(max_turn_tokens=64, max_episode_tokens=7)
    (spent,) = roll(OpenaiPolicy(model="m", base_url=f"{dear.url}/v1"), tasks[:1], limits=limits)
    assert spent.end == "token_limit"
    assert len(dear.requests) == 1


def test_a_field_that_a_server_refuses_can_be_left_out(served, tasks):
    server = served(in_turn(say("Answer: 1")))
    policy = OpenaiPolicy(
        model="m",
        base_url=f"{server.url}/v1",
        omit=["seed", "temperature"],
        limit_name="max_completion_tokens",
        extra={"reasoning_effort": "low"},
    )
    roll(policy, tasks[:1])
    request = server.requests[0][2]
    assert "seed" not in request
    assert "temperature" not in request
    assert request["max_completion_tokens"] == 64
    assert request["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    "reply",
    [(400, "no such model"), (200, "<html>"), (200, {"choices": []}), (200, {"choices": [{}]})],
)
def test_a_server_that_makes_no_sense_ends_the_episode_with_its_words(served, tasks, reply):
    server = served(lambda *_: reply)
    policy = OpenaiPolicy(model="m", base_url=f"{server.url}/v1")
    (episode,) = roll(policy, tasks[:1], share=1.0)
    assert episode.end == "error"
    assert "server" in episode.error


def test_a_slow_conversation_holds_up_nobody(served, tasks):
    """One hanging request would otherwise cost every other episode its time."""
    release, last = threading.Event(), tasks[-1].prompt
    ended = []

    def respond(_, request):
        if request["messages"][1]["content"] == last:
            release.wait(20)
        return in_turn(calls(("add", '{"a": 1, "b": 2}')), say("Answer: 3"))(_, request)

    server = served(respond)
    policy = OpenaiPolicy(model="m", base_url=f"{server.url}/v1")
    policy.prepare(None, Sampling(0.0), LIMITS)
    rollout = Rollout(Calculator, policy)

    def on_end(trajectory):
        ended.append(trajectory.task_id)
        if len(ended) == len(tasks) - 1:
            release.set()

    played = rollout.run([Start(task, 0) for task in tasks], on_end)
    rollout.close()
    assert release.is_set()
    assert ended[-1] == tasks[-1].id
    assert [t.task_id for t in played] == [task.id for task in tasks]


@pytest.mark.slow
def test_a_served_model_plays_the_episodes_that_it_plays_here(transformers_server, student, tasks):
    """The same greedy model gives the same turns through a real server: nothing is lost."""
    policy = OpenaiPolicy(
        model=str(model_path("embedded/calculator")), base_url=transformers_server, concurrency=1
    )
    remote = roll(policy, tasks[:4])
    local = roll(TransformersPolicy(), tasks[:4], student=student)
    assert [[turn.text for turn in t.turns] for t in remote] == [
        [turn.text for turn in t.turns] for t in local
    ]
    assert [t.outcome for t in remote] == [t.outcome for t in local]
    assert json.dumps([t.answer for t in remote]) == json.dumps([t.answer for t in local])
