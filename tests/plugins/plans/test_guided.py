"""guided: the teacher's turns come with a probability, which falls to 0 with success."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.plan import Group
from mentor_core.door.registry import PLANS, create
from mentor_core.support.errors import ConfigError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.plans.guided import Guided
from mentor_toolkit.scripts import play_expert

ENV = Calculator(train_size=6, min_steps=4, max_steps=4)
TASKS = ENV.tasks("train")
REFERENCES = {task.id: [play_expert(ENV, task)] for task in TASKS}
TURNS = len(REFERENCES[TASKS[0].id][0].turns)


def given_turns(plan, task, seed=5):
    first, second = plan.starts(Group(task, 3, (seed, seed + 1), REFERENCES[task.id]))
    assert (first.seed, second.seed, first.group) == (seed, seed + 1, 3)
    assert len(first.given) == len(second.given)  # else their rewards could not be compared
    assert len(first.given) < TURNS  # the student has the last turn
    return len(first.given)


def mean_share(plan, task, groups=2000):
    return sum(given_turns(plan, task, 2 * n) for n in range(groups)) / groups / (TURNS - 1)


def expected(chance):
    """Mean share of given turns if each of them is given with this probability."""
    return sum(chance**n for n in range(1, TURNS)) / (TURNS - 1)


def test_the_teachers_share_falls_to_nothing_with_success_and_stays_with_failure(record_property):
    plan, shares = Guided(share=0.9, target=0.8, memory=0.5), []
    for outcomes in ([0, 0], [1, 0], [1, 1], [1, 1], [1, 1]):
        plan.observe({TASKS[0].key: [float(outcome) for outcome in outcomes]})
        shares.append(mean_share(plan, TASKS[0]))
        plan.observe({TASKS[1].key: [0.0, 0.0]})
    record_property("share of given turns", shares)
    # success 0, 0.25, 0.625, 0.8125, 0.90625
    for share, success in zip(shares, (0, 0.25, 0.625), strict=False):
        assert share == pytest.approx(expected(0.9 * (1 - success / 0.8)), abs=0.03)
    assert shares[3:] == [0.0, 0.0]
    assert mean_share(plan, TASKS[1], 50) > 0


def test_a_task_not_yet_played_has_the_share_of_the_others():
    plan = Guided(memory=0.0)
    plan.observe({TASKS[0].key: [1.0, 1.0]})
    assert mean_share(plan, TASKS[2], 50) == 0.0
    plan.observe({TASKS[0].key: [0.0], TASKS[1].key: []})
    assert mean_share(plan, TASKS[2], 50) > 0.5
    assert plan.state()["success"] == [[*TASKS[0].key, 0.0]]  # nothing verified is not failure


def test_without_a_reference_the_student_plays_alone():
    [start] = Guided().starts(Group(TASKS[0], 0, (5,)))
    assert start.prefix is None


@given(st.lists(st.tuples(st.integers(0, 5), st.lists(st.sampled_from([0.0, 1.0]), max_size=4))))
def test_a_resumed_plan_goes_on_where_it_stopped(history):
    plan = Guided()
    for index, outcomes in history:
        plan.observe({TASKS[index].key: outcomes})
    again = Guided()
    again.restore(json.loads(json.dumps(plan.state())))
    for task in TASKS:
        assert given_turns(again, task) == given_turns(plan, task)
        assert again._chance(task.key) == plan._chance(task.key)


@pytest.mark.parametrize("options", [{"share": 0}, {"target": 0}, {"memory": 1}, {"sahre": 0.5}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ConfigError, match="plan 'guided'"):
        create(PLANS, "guided", options)
