"""prefix_start: less and less of the teacher's turns, task by task, until there are none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.plan import Group
from mentor_core.contracts.trajectory import read_trajectories
from mentor_core.door.registry import PLANS, create
from mentor_envs.calculator.env import Calculator
from mentor_plugins.plans.prefix_start import PrefixStart
from mentor_toolkit.scripts import play_expert

ENV = Calculator(train_size=8, min_steps=3, max_steps=3)
TASKS = ENV.tasks("train")
REFERENCES = {task.id: [play_expert(ENV, task)] for task in TASKS}


def group(task, references=None):
    return Group(task, 3, (5, 6), REFERENCES[task.id] if references is None else references)


def given_turns(plan, task):
    first, second = plan.starts(group(task))
    assert (first.seed, second.seed, first.group) == (5, 6, 3)
    assert len(first.given) == len(second.given)  # else their rewards could not be compared
    return len(first.given)


def test_the_teachers_part_falls_with_success_to_nothing_and_grows_with_failure():
    plan, task = PrefixStart(), TASKS[0]
    turns = len(REFERENCES[task.id][0].turns)
    seen = [given_turns(plan, task)]
    for outcomes in ([1, 1], [1, 0], [0, 0], [1, 1], [1, 1], [1, 1], [1, 1]):
        plan.observe({task.key: [float(outcome) for outcome in outcomes]})
        seen.append(given_turns(plan, task))
    assert seen == [turns - 1, turns - 2, turns - 3, turns - 2, turns - 3, 0, 0, 0]
    assert plan.starts(group(task))[0].prefix is None


def test_tasks_not_yet_played_begin_where_others_have_come_to():
    """A run that plays each task once would never let the student play alone."""
    plan, seen = PrefixStart(together=0.5), []
    for task in TASKS[:6]:
        seen.append(given_turns(plan, task))
        plan.observe({task.key: [1.0]})
    turns = len(REFERENCES[TASKS[0].id][0].turns)
    assert seen == [turns - n for n in (1, 1, 2, 2, 3, 3)]
    for task in TASKS[:6]:
        plan.observe({task.key: [0.0]})
    assert given_turns(plan, TASKS[6]) == turns - 1


def test_each_task_has_its_own_part():
    plan = PrefixStart()
    before = [given_turns(plan, task) for task in TASKS]
    plan.observe({TASKS[0].key: [1.0]})
    after = [given_turns(plan, task) for task in TASKS]
    assert after == [before[0] - 1, *before[1:]]


def test_without_a_reference_or_a_verdict_nothing_changes():
    plan = PrefixStart()
    assert [start.prefix for start in plan.starts(group(TASKS[0], []))] == [None, None]
    before = given_turns(plan, TASKS[0])
    plan.observe({TASKS[0].key: [], ("other", "t"): [1.0]})
    assert given_turns(plan, TASKS[0]) == before


@given(st.lists(st.tuples(st.integers(0, 7), st.lists(st.sampled_from([0.0, 1.0]), max_size=4))))
def test_a_resumed_plan_goes_on_where_it_stopped(history):
    """At every point, and the teacher's part stays between nothing and all but the last turn."""
    plan = PrefixStart()
    for index, outcomes in history:
        task = TASKS[index]
        assert 0 <= given_turns(plan, task) < len(REFERENCES[task.id][0].turns)
        plan.observe({task.key: outcomes})
        again = PrefixStart()
        again.restore(json.loads(json.dumps(plan.state())))
        assert [given_turns(again, task) for task in TASKS] == [
            given_turns(plan, task) for task in TASKS
        ]
        plan = again


def test_every_plan_starts_each_seed_once():
    for name in ("fresh", "prefix_start"):
        assert [start.seed for start in create(PLANS, name).starts(group(TASKS[0]))] == [5, 6]


def test_a_run_trains_on_what_the_student_played_alone(mentor, tmp_path):
    out = tmp_path / "run"
    mentor(
        "run", "--env", "calculator", "--set", "plan=prefix_start", "--steps", 2,
        "--set", "env_options.min_steps=3", "--set", "env_options.max_steps=3",
        "--set", "train.tasks_per_step=3", "--set", "train.group_size=2",
        "--set", "evaluate.tasks=0", "--output", out,
    )  # fmt: skip
    played = read_trajectories(out / "trajectories" / "train.jsonl")
    assert len(played) == 12
    for trajectory in played:
        assert trajectory.replayed > 0
        given_turns, own = (
            trajectory.turns[: trajectory.replayed],
            trajectory.turns[trajectory.replayed :],
        )
        assert all(turn.span is None for turn in given_turns)
        sampled = {i for turn in own if turn.span for i in range(*turn.span)}
        assert {i for i, kind in enumerate(trajectory.tokens.mask) if kind} == sampled
    metrics = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in metrics if "loss" in line]
    assert [line["episodes/alone"] for line in steps] == [0.0, 0.0]
    assert all(line.get("success") is None for line in steps)  # not the student's own


def test_a_policy_that_cannot_replay_is_refused_by_name(mentor, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from mentor_plugins.policies.transformers import TransformersPolicy\n"
        'class Mine(TransformersPolicy):\n    """Mine."""\n    replays = False\n'
    )
    _, error = mentor(
        "run", "--set", "plan=prefix_start", "--set", f"policy={tmp_path}/mine.py:Mine",
        "--dry-run", code=2,
    )  # fmt: skip
    assert "plan 'prefix_start' begins episodes with turns of others" in error


def test_a_trainer_without_plans_is_told(mentor):
    _, error = mentor(
        "run", "--set", "plan=prefix_start", "--set", "trainer=sft", "--dry-run", code=2
    )
    assert "plan=prefix_start: the trainer 'sft' plays no episodes by a plan" in error


@pytest.mark.parametrize("options", [{"harder": 0}, {"easier": 1}, {"hader": 0.5}])
def test_wrong_options_are_refused(options):
    from mentor_core.support.errors import ConfigError

    with pytest.raises(ConfigError, match="plan 'prefix_start'"):
        create(PLANS, "prefix_start", options)
