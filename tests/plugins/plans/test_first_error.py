"""The recipe first_error: plan and lessons agree on the first error of an episode."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.plan import Group
from mentor_core.contracts.trajectory import Call, Tokens, Turn
from mentor_core.door.registry import LESSONS, PLANS, create
from mentor_envs.calculator.env import Calculator
from mentor_runs.settings.recipes import read_recipe
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.scripts import play_expert

ENV = Calculator(train_size=4, min_steps=4, max_steps=4)
TASK = ENV.tasks("train")[0]
REFERENCE = play_expert(ENV, TASK)


@pytest.fixture
def parts():
    """Plan and lessons as the recipe has them."""
    config = resolve(read_recipe("first_error").settings)
    lessons = config.trainer_options["lessons"], config.trainer_options["lessons_options"]
    plan = create(PLANS, config.plan, {**config.plan_options, "every": 1})
    plan.start({TASK.key: TASK})
    return plan, create(LESSONS, *lessons)


def own_episode(right):
    """The student's: turns like the reference's, a carried out call too many, a wrong answer."""
    wrong = Turn("", [Call("add", {"a": 1, "b": 1}, "2")])
    turns = [replace(turn) for turn in (*REFERENCE.turns[:right], wrong, Turn("It is 0."))]
    tokens = Tokens([1])
    for turn in turns:
        turn.span = tokens.add_sampled([2, 3], [-0.1, -0.1])
        tokens.add_written([4])
    return replace(REFERENCE, source="student", turns=turns, outcome=0.0, tokens=tokens)


@pytest.mark.parametrize("right", [1, 2, 3])
def test_correction_and_reinforcement_begin_at_the_first_error(parts, right):
    plan, lessons = parts
    own = own_episode(right)
    [row] = lessons.taught([PlayedGroup(TASK, 0, [own], [REFERENCE], 1.0, ENV, 0)], lambda _: None)
    assert row.skip == right  # the student's verified turns carry no loss, the correction does
    assert row.trajectory.turns[right].calls == REFERENCE.turns[right].calls
    assert len(row.trajectory.turns) == len(REFERENCE.turns)  # the wrong turn is replaced
    assert row.trajectory.outcome == 1.0
    plan.starts(Group(TASK, 0, (1, 2), [REFERENCE]))
    plan.hear([own])
    next_group = plan.starts(Group(TASK, 0, (3, 4), [REFERENCE]))
    assert [start.given for start in next_group] == [own.turns[:right]] * 2


def test_a_solved_task_is_neither_corrected_nor_begun_again(parts):
    plan, lessons = parts
    own = replace(own_episode(2), outcome=1.0)
    group = PlayedGroup(TASK, 0, [own], [REFERENCE], 0.0, ENV, 0)
    assert lessons.taught([group], lambda _: None) == []
    plan.starts(Group(TASK, 0, (1, 2), [REFERENCE]))
    plan.hear([own])
    assert plan.starts(Group(TASK, 0, (3, 4), [REFERENCE]))[0].prefix is None
