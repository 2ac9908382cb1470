"""grounded: values that a student has made up are found, and the expert's are not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import JUDGES, create
from mentor_envs.calculator.env import Calculator
from mentor_toolkit.scripts import play_expert

TASK = Task("1", "shop", "Order 12 red shoes for Ann at 1,250.50 each, less -3.")
JUDGE = create(JUDGES, "grounded")
TEXTS = create(JUDGES, "grounded", {"texts": True})


def score(arguments, turns=(), judge=JUDGE):
    [found] = judge.scores(TASK, turns, [Turn("", [Call("order", arguments)])])
    return found


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"count": 12}, 1.0),
        ({"count": 12.0, "price": 1250.5}, 1.0),
        ({"count": 21}, 0.0),
        ({"count": 12, "price": 125.5}, 0.5),
        ({"less": 3}, 1.0),  # a sign may be a subtraction's
        ({"items": [{"count": 12}, {"count": 13}]}, 0.5),
        ({"from": 0, "step": 1, "power": 2}, 1.0),
        ({"fast": True, "name": "Bob", "note": None}, None),  # no value to judge
    ],
)
def test_numbers_stand_in_the_task_or_are_made_up(arguments, expected):
    assert score(arguments) == expected


def test_results_are_sources_and_the_students_own_words_are_not():
    result = Turn("I take 77.", [Call("stock", {}, "There are 40 left.")])
    result.observation = [{"role": "tool", "name": "stock", "content": "There are 40 left."}]
    assert score({"count": 40}) == 0.0
    assert score({"count": 40}, [result]) == 1.0
    assert score({"count": 77}, [result]) == 0.0


def test_texts_are_judged_by_all_their_words_if_wanted():
    assert score({"what": "red shoes"}, judge=TEXTS) == 1.0
    assert score({"what": "blue shoes", "who": "Ann"}, judge=TEXTS) == 0.5
    said = TEXTS.say(TASK, [], Turn("", [Call("order", {"what": "blue shoes", "count": 12})]))
    assert said.startswith("'blue shoes' of order(what=…) stands neither in the task nor")
    assert TEXTS.say(TASK, [], Turn("", [Call("order", {"count": 12})])) is None


def slipped(arguments):
    """The arguments with another first number."""
    name = next(iter(arguments))
    value = arguments[name]
    slip = [value[0] + 1000.25, *value[1:]] if isinstance(value, list) else value + 1000.25
    return {**arguments, name: slip}


def test_an_expert_is_never_accused_and_a_wrongly_copied_number_is(record_property):
    """The shares over all calls: a gate with this judge costs a right episode nothing."""
    env, accused, found, calls = Calculator(train_size=60), 0, 0, 0
    for task in env.tasks("train"):
        expert = play_expert(env, task)
        for n, turn in enumerate(expert.turns):
            for call in turn.calls:
                wrong = replace(call, arguments=slipped(call.arguments))
                candidates = [Turn("", [call]), Turn("", [wrong])]
                right, astray = JUDGE.scores(task, expert.turns[:n], candidates)
                accused, found, calls = accused + (right < 1), found + (astray < 1), calls + 1
    record_property("shares", {"accused": accused / calls, "found": found / calls})
    assert (accused, found) == (0, calls)
    assert calls > 100


def test_an_integer_beyond_the_floats_is_unknown_and_breaks_no_episode():
    """And a number in the task that is too large for a float does not make all others known."""
    task = Task("1", "any", "add 1e999 and 5")
    candidates = [Turn("", [Call("f", {"a": value})]) for value in (10**400, 77, 5)]
    assert JUDGE.scores(task, [], candidates) == [0.0, 0.0, 1.0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3), st.text(max_size=40))
def test_any_call_has_a_score_or_none_and_words_exactly_if_it_is_below_one(arguments, prompt):
    task, candidate = Task("1", "any", prompt), Turn("", [Call("f", arguments)])
    for judge in (JUDGE, TEXTS):
        [found] = judge.scores(task, [], [candidate])
        assert found is None or 0 <= found <= 1
        assert (judge.say(task, [], candidate) is not None) == (found is not None and found < 1)
    [before] = JUDGE.scores(task, [], [candidate])
    told = Task("2", "any", f"{prompt} {json.dumps(arguments)}")
    [after] = JUDGE.scores(told, [], [candidate])
    assert (after or 0.0) >= (before or 0.0)
