"""Optimistic: the proof of entry 3 of the methods, a chain that must be learnt link by link."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.door.registry import SAMPLERS, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.samplers.optimistic import Optimistic

TURNS, MOST = 6, 500


class Pessimistic(Optimistic):
    """Broken: a planted sign error, the bonus is for what was played often."""

    def _score(self, name):
        return self._deviation.get(name, 0.0) - self.bonus / max(self._taken.get(name, 0), 1) ** 0.5


def started(made, tasks, seed=0):
    made.start(tasks, seed)
    return made


def steps_to_solve(made, seed):
    """Task k is a chain of k turns, each right with the student's chance at that turn.

    A student learns a turn by the advantages of the episodes that came to it. Returns the steps
    until the chain of 6 turns succeeds in 9 of 10 episodes.
    """
    started(made, [Task(str(k), "tests", "?") for k in range(1, TURNS + 1)], seed)
    draw, logits = np.random.default_rng(seed), np.full(TURNS, -2.0)
    for step in range(MOST):
        chance = 1 / (1 + np.exp(-logits))
        if chance.prod() > 0.9:
            return step
        [task] = made.choose(step, 1)
        length = int(task.id)
        right = draw.random((8, length)) < chance[:length]
        rewards = right.all(1).astype(float)
        reached = np.cumprod(np.column_stack([np.ones(8), right[:, :-1]]), 1)
        gradient = (rewards - rewards.mean())[:, None] * (right - chance[:length]) * reached
        logits[:length] += 2.0 * gradient.sum(0)
        made.observe({task.id: rewards.tolist()})
    return MOST


def test_a_chain_is_learnt_with_the_bonus_and_not_without():
    """Without it, the first task with any variance is played for ever."""
    seeds = range(6)
    assert max(steps_to_solve(Optimistic(), seed) for seed in seeds) < 200
    assert min(steps_to_solve(Optimistic(bonus=0.0), seed) for seed in seeds) == MOST
    assert min(steps_to_solve(Pessimistic(), seed) for seed in seeds) == MOST


def live_share(made):
    """Share of groups with different rewards: of five kinds of tasks, one can be learnt."""
    tasks = [Task(str(k), "tests", "?", metadata={"kind": k % 5}) for k in range(100)]
    draw, live = np.random.default_rng(1), []
    started(made, tasks)
    for step in range(300):
        [task] = made.choose(step, 1)
        chance = (0.0, 0.0, 0.0, 0.5, 1.0)[task.metadata["kind"]]
        rewards = (draw.random(8) < chance).astype(float).tolist()
        live += [len(set(rewards)) > 1] * (step >= 100)
        made.observe({task.id: rewards})
    return sum(live) / len(live)


def test_more_groups_teach_than_with_uniform_draws():
    assert live_share(Optimistic(family="kind")) > 2 * live_share(create(SAMPLERS, "uniform"))


HEARD = st.lists(st.tuples(st.integers(0, 9), st.lists(st.floats(0, 1), max_size=4)), max_size=15)


@given(HEARD, st.sampled_from(["", "kind"]), st.sampled_from([0.0, 1.0]))
def test_a_resumed_sampler_chooses_what_the_whole_run_would(history, family, bonus):
    tasks = [Task(str(k), "tests", "?", metadata={"kind": k % 3}) for k in range(9)]
    whole, again = (started(Optimistic(family=family, bonus=bonus), tasks, 3) for _ in range(2))
    drawn = 0
    for index, found in history:
        whole.choose(drawn, 2)
        drawn += 2
        whole.observe({str(index): found})
    again.restore(json.loads(json.dumps(whole.state())))
    assert again.choose(drawn, 5) == whole.choose(drawn, 5)


@given(HEARD)
def test_every_task_is_chosen_before_any_comes_again(history):
    made = started(Optimistic(), [Task(str(k), "tests", "?") for k in range(9)])
    made.observe({str(index): found for index, found in history})
    assert len({task.id for task in made.choose(0, 9)}) == 9


def test_a_key_that_the_tasks_lack_is_named():
    with pytest.raises(ConfigError, match=r"sampler optimistic: .*no key 'kid'.*kind"):
        started(Optimistic(family="kid"), [Task("0", "tests", "?", metadata={"kind": 1})])
    with pytest.raises(ConfigError, match="bonus"):
        create(SAMPLERS, "optimistic", {"bonus": -1})
