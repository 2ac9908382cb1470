"""Generated chores: same for everyone, solvable, and honest about their splits."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest

from mentor_envs.files.chores import CHORES, QUESTIONS
from mentor_envs.files.env import Files
from mentor_envs.files.phrasing import PHRASES
from mentor_envs.files.problems import HELD_OUT, make_task
from mentor_envs.files.shell import COMMANDS

env = Files(train_size=1500)
SPLITS = ("train", "eval", "length", "pairs")


def pairs(split):
    return {pair for task in env.tasks(split) for pair in pairwise(task.metadata["chores"])}


@pytest.mark.parametrize("split", SPLITS)
def test_a_task_depends_on_seed_split_and_index_only(split):
    tasks = env.tasks(split)
    assert [make_task(split, i, 0) for i in (7, 3)] == [tasks[7], tasks[3]]
    assert make_task(split, 3, 1).prompt != tasks[3].prompt


@pytest.mark.parametrize("seed", [0, 1])
def test_train_and_eval_share_no_prompt_whatever_the_seed(seed):
    trained = {task.prompt for task in env.tasks("train")}
    assert len(trained) > 1450
    assert not trained & {task.prompt for task in Files(seed=seed).tasks("eval")}


def test_the_shifts_have_longer_chores_or_pairs_that_train_never_has():
    # The gap between eval and a shift is a headline number.
    assert not HELD_OUT & (pairs("train") | pairs("eval"))
    assert 30 < len(HELD_OUT) < len(CHORES) * (len(CHORES) + len(QUESTIONS)) / 3
    assert all(tuple(task.metadata["chores"]) in HELD_OUT for task in env.tasks("pairs"))
    assert {len(task.metadata["chores"]) for task in env.tasks("length")} == {3}
    assert not HELD_OUT & pairs("length")
    assert {len(task.metadata["chores"]) for task in env.tasks("train")} == {1, 2}


def test_every_chore_and_every_tool_is_needed_in_train():
    # A tool that no task needs is never learnt.
    tasks = env.tasks("train")
    assert set(CHORES) | set(QUESTIONS) == set(PHRASES)
    assert {c for task in tasks for c in task.metadata["chores"]} == set(PHRASES)
    used = Counter(step["name"] for task in tasks for step in task.metadata["steps"])
    assert set(used) == set(COMMANDS)
    assert min(used.values()) > 50, used


def test_phrasings_are_several():
    assert all(len(set(phrases)) >= 3 for phrases in PHRASES.values())


@pytest.mark.parametrize("split", SPLITS)
def test_no_task_is_done_before_it_begins_or_gives_its_answer_away(split):
    for task in env.tasks(split):
        env.reset(options={"task": task})
        assert env.step("Answer: done")[4]["outcome"] == 0.0, task
        assert not any(text in task.prompt for text in task.answer.get("text", ()))


def test_episodes_are_short_enough_for_a_small_model():
    for split in SPLITS:
        for task in env.tasks(split):
            assert len(task.prompt) < 400
            assert task.metadata["n_steps"] < 8
            assert json.loads(json.dumps(task.metadata)) == task.metadata


def test_sizes_are_options():
    small = Files(train_size=5, eval_size=3, ood_size=2)
    assert [len(small.tasks(split)) for split in SPLITS] == [5, 3, 2, 2]
