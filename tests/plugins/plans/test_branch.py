"""branch: whole groups begin at a node of a failed episode, and their prefix carries no loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.plan import Group
from mentor_core.contracts.trajectory import Call, Tokens, Turn, read_trajectories
from mentor_core.door.registry import PLANS, create
from mentor_core.support.errors import ConfigError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.plans.branch import Branch
from mentor_toolkit.scripts import play_expert

ENV = Calculator(train_size=8, min_steps=4, max_steps=4)
TASKS = {task.key: task for task in ENV.tasks("train")}
REFERENCES = {key: play_expert(ENV, task) for key, task in TASKS.items()}
KEYS = list(TASKS)
WRONG = Turn("", [Call("add", {"a": 1, "b": 1}, failure="bad_arguments")])


def failed(key, right, mistake=WRONG):
    """An episode of the student: so many turns as the reference's, and then a mistake."""
    turns = [*REFERENCES[key].turns[:right], mistake]
    return replace(
        REFERENCES[key], turns=turns, outcome=0.0, source="student", tokens=Tokens([1], [2])
    )


def begun(**options):
    plan = Branch(**options)
    plan.start(TASKS)
    return plan


def groups(plan, count=4):
    return [
        plan.starts(Group(TASKS[KEYS[n]], n, (1, 2), [REFERENCES[KEYS[n]]])) for n in range(count)
    ]


def test_a_group_in_four_begins_before_the_first_failed_call():
    plan = begun()
    plan.hear([failed(KEYS[5], 2)])
    first = groups(plan)
    assert [[len(start.given) for start in group] for group in first] == [[0, 0]] * 3 + [[2, 2]]
    assert {start.task.key for start in first[3]} == {KEYS[5]}
    assert {(start.seed, start.group) for start in first[3]} == {(1, 3), (2, 3)}
    assert groups(plan)[3][0].prefix is None  # each node once


def test_before_the_first_difference_to_the_nearest_reference():
    """Calls that are carried out, and are not the teacher's, fail no check."""
    unlike = Turn("", [Call("add", {"a": 1, "b": 1}, "2")])
    plan = begun(at="difference", every=1)
    groups(plan, 8)  # the plan hears of references with the groups
    plan.hear([failed(KEYS[5], 3, unlike)])
    assert [len(start.given) for start in groups(plan, 1)[0]] == [3, 3]
    plan.hear([failed(KEYS[4], 3, unlike)])
    assert groups(plan, 1)[0][0].prefix is None  # its group had no part in the last batch


def test_no_node_where_nothing_could_be_learnt():
    plan, key = begun(every=1), KEYS[0]
    episode = failed(key, 2)
    plan.hear(
        [
            failed(key, 0),  # that is a fresh episode
            replace(episode, outcome=1.0),
            replace(episode, outcome=None),
            replace(episode, end="error"),
            replace(episode, replayed=1),
            replace(episode, tokens=None),
            replace(episode, task_id="another run's"),
        ]
    )
    assert [start.prefix for group in groups(plan, 8) for start in group] == [None] * 16


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4)), max_size=6), max_size=5),
    st.integers(1, 3),
)
def test_a_resumed_plan_goes_on_with_the_same_nodes(history, every):
    """And a group always plays one task from one state, as only then rewards compare."""
    plan = begun(every=every, most=5)
    for batch in history:
        plan.hear([failed(KEYS[task], right) for task, right in batch])
        again = begun(every=every, most=5)
        again.restore(json.loads(json.dumps(plan.state())))
        played, replayed = groups(plan), groups(again)
        assert played == replayed
        for group in played:
            assert (
                len({(start.task.key, len(start.given), id(start.prefix)) for start in group}) == 1
            )
        assert len(plan.state()["nodes"]) <= 5


@pytest.mark.slow
def test_a_run_branches_and_trains_on_the_branch_alone(mentor, tmp_path):
    out = tmp_path / "run"
    mentor(
        "run", "--env", "calculator", "--rewards", "sparse", "--set", "plan=branch", "--steps", 3,
        "--set", "plan_options.every=2", "--set", "plan_options.at=difference",
        "--set", "env_options.min_steps=4", "--set", "env_options.max_steps=4",
        "--set", "train.tasks_per_step=4", "--set", "train.group_size=4",
        "--set", "evaluate.tasks=0", "--output", out,
    )  # fmt: skip
    played = read_trajectories(out / "trajectories" / "train.jsonl")
    branches = [trajectory for trajectory in played if trajectory.replayed]
    assert branches
    assert len(branches) % 4 == 0  # whole groups
    for trajectory in branches:
        assert trajectory.end != "error"
        sampled = {i for turn in trajectory.turns if turn.span for i in range(*turn.span)}
        assert {i for i, kind in enumerate(trajectory.tokens.mask) if kind} == sampled
        assert all(turn.span is None for turn in trajectory.turns[: trajectory.replayed])


@pytest.mark.parametrize("options", [{"every": 0}, {"at": "error"}, {"most": 0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ConfigError, match="plan 'branch'"):
        create(PLANS, "branch", options)
