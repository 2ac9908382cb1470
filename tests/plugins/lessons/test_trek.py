"""trek: hard tasks are taught until the student solves them, each by its likeliest reference."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.door.registry import LESSONS, create
from mentor_core.support.errors import ConfigError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.lessons.trek import Trek
from mentor_toolkit.scripts import play_expert

ENV = Calculator(train_size=6)
TASKS = {task.key: task for task in ENV.tasks("train")}
KEYS = list(TASKS)
REFERENCES = {key: [play_expert(ENV, task)] for key, task in TASKS.items()}
outcomes = st.dictionaries(
    st.sampled_from(KEYS), st.lists(st.sampled_from([0.0, 1.0]), max_size=4), max_size=6
)


def begun(**options):
    lessons = Trek(**options)
    lessons.start(TASKS, REFERENCES)
    return lessons


def taught(lessons, likelihood=lambda row: 0.0, step=0):
    group = PlayedGroup(TASKS[KEYS[0]], 0, [], REFERENCES[KEYS[0]], 1.0, ENV, step)
    return lessons.taught([group], likelihood)


def test_a_task_is_taught_from_its_first_failure_to_its_first_success():
    lessons = begun(below=0.5)
    assert taught(lessons) == []
    lessons.observe({KEYS[1]: [0.0, 0.0]})
    assert [row.task.key for row in taught(lessons)] == [KEYS[1]]
    lessons.observe({KEYS[2]: [1.0, 1.0]})  # other batches: the task is still hard
    assert [row.task.key for row in taught(lessons)] == [KEYS[1]]
    lessons.observe({KEYS[1]: [0.0, 1.0]})
    assert taught(lessons) == []


@given(st.lists(outcomes, max_size=8), st.integers(1, 4))
def test_the_hard_tasks_are_those_whose_latest_group_failed(history, rows):
    """At every point: a resumed run teaches the same, and no more rows than allowed."""
    lessons, latest = begun(below=0.5, rows=rows), {}
    for step, found in enumerate(history):
        lessons.observe(found)
        latest |= {key: sum(own) / len(own) for key, own in found.items() if own}
        hard = {key for key, success in latest.items() if success < 0.5}
        chosen = taught(lessons, step=step)
        assert len(chosen) == min(rows, len(hard))
        assert {row.task.key for row in chosen} <= hard
        again = begun(below=0.5, rows=rows)
        again.restore(json.loads(json.dumps(lessons.state())))
        assert taught(again, step=step) == chosen


def test_of_several_references_the_likeliest_is_taught():
    """The student learns in fewer steps from words that it would nearly have said itself."""
    lessons, key = Trek(), KEYS[0]
    several = [play_expert(ENV, TASKS[key], seed) for seed in (0, 1, 2)]
    lessons.start(TASKS, {key: several})
    lessons.observe({key: [0.0]})
    likely = {id(several[0]): -2.0, id(several[1]): -1.0, id(several[2]): None}
    [row] = taught(lessons, lambda row: likely[id(row.trajectory)])
    assert row.trajectory is several[1]
    assert taught(lessons, lambda row: None) == []  # the student's format holds none of them


def test_a_task_without_a_reference_is_never_hard():
    lessons = Trek()
    lessons.start({}, {})
    lessons.observe({KEYS[0]: [0.0]})
    assert taught(lessons) == []


@pytest.mark.parametrize("options", [{"below": 0}, {"rows": 0}, {"belo": 0.5}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ConfigError, match="lesson 'trek'"):
        create(LESSONS, "trek", options)
