"""The expert of arithmetic expressions: right where it plays, and absent where it cannot."""

from __future__ import annotations

import pytest

pytest.importorskip("reasoning_gym", reason="needs the extra reasoning-gym")

from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_envs.reasoning_gym.env import ReasoningGym
from mentor_envs.reasoning_gym.expert import operations
from mentor_toolkit.scripts import play_expert

SMALL = {"train_size": 20, "eval_size": 20, "ood_size": 4}

numbers = st.integers(0, 9999).map(str) | st.integers(1, 99).map(lambda n: f"-{n}")
expressions = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({' '.join(t)})"),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def env():
    return ReasoningGym(**SMALL)


def test_it_solves_the_default_dataset_as_the_package_scores_it(env):
    for split in ("train", "eval"):
        assert [play_expert(env, task).outcome for task in env.tasks(split)] == [1.0] * 20


@settings(max_examples=60, deadline=None)
@given(expression=expressions)
def test_it_computes_any_expression_one_operation_a_turn(env, expression):
    expected = eval(expression)
    entry = {"metadata": {"expression": expression}, "answer": str(expected)}
    metadata = {"dataset": "chain_sum", "options": {}, "entry": entry}
    task = Task("x", "reasoning_gym", expression, str(expected), "train", metadata)
    count = sum(expression.count(sign) for sign in (" + ", " - ", " * "))
    assert operations(expression) == (count or None)
    if count and abs(expected) < 10**12:  # the calculator rounds to 12 digits
        played = play_expert(env, task)
        assert len(played.calls) == count
        assert float(played.answer) == expected


@pytest.mark.parametrize(
    "expression", ["", "7", "x + 1", "2 ** 3", "1 +", "f(1) + 2", "True + 1", "[1] * 2", "(" * 500]
)
def test_what_is_no_arithmetic_has_no_expert(expression):
    assert operations(expression) is None


def test_there_is_none_without_the_calculator_or_the_turns_or_an_expression():
    task = ReasoningGym(**SMALL).tasks("train")[0]
    assert ReasoningGym(**SMALL, tools="none").expert(task) is None
    assert ReasoningGym(**SMALL, max_turns=1).expert(task) is None
    env = ReasoningGym(**SMALL, dataset="leg_counting")
    assert env.expert(env.tasks("train")[0]) is None
