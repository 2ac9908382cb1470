"""Prioritised: more groups that teach, and no task forgotten."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.door.registry import SAMPLERS, create
from mentor_core.support.errors import ConfigError


def tasks(total, kinds=5):
    return [
        Task(str(index), "tests", "?", metadata={"n_steps": index % kinds})
        for index in range(total)
    ]


def sampler(total=40, seed=0, **options):
    made = create(SAMPLERS, "prioritised", options)
    made.start(tasks(total), seed)
    return made


def live_share(made, rounds=60, size=8, group=8):
    """Share of groups with different rewards in the second half: only two kinds are learnable."""
    chance = {0: 0.0, 1: 0.0, 2: 0.02, 3: 0.5, 4: 1.0}
    draw, live, drawn = random.Random(1), [], 0
    for step in range(rounds):
        heard = {}
        for task in made.choose(drawn, size):
            p = chance[task.metadata["n_steps"]]
            heard[task.id] = [float(draw.random() < p) for _ in range(group)]
            live += [len(set(heard[task.id])) > 1] * (step >= rounds // 2)
        drawn += size
        made.observe(heard)
    return sum(live) / len(live)


def test_more_groups_teach_than_with_uniform_draws():
    """The figure that the plugin is for: groups with equal rewards are wasted episodes."""
    uniform = create(SAMPLERS, "uniform")
    uniform.start(tasks(400), 0)
    plain = live_share(uniform)
    by_length = live_share(sampler(400, family="n_steps"))
    by_task = live_share(sampler(20), rounds=150)
    figures = f"live groups: uniform {plain:.2f}, by length {by_length:.2f}, by task {by_task:.2f}"
    assert min(by_length, by_task) > 2 * plain, figures


@pytest.mark.parametrize("family", ["", "n_steps"])
def test_no_task_is_forgotten(family):
    """Whatever was heard, `floor` of the draws goes to all tasks alike."""
    made = sampler(10, family=family, floor=0.5, memory=0.0)
    for task in tasks(10):
        made.observe({task.id: [0.0, 0.0] if task.id not in ("3", "8") else [0.0, 1.0]})
    seen = Counter(task.id for task in made.choose(0, 4000))
    assert min(seen.values()) > 0.7 * 0.5 * 4000 / 10
    assert max(seen, key=seen.get) in ("3", "8")


rewards = st.lists(st.floats(0, 1), max_size=4)


@given(
    st.lists(st.tuples(st.integers(0, 11), rewards), max_size=20), st.sampled_from(["", "n_steps"])
)
def test_a_resumed_sampler_chooses_what_the_whole_run_would(history, family):
    whole, drawn = sampler(12, 3, family=family), 0
    for index, found in history:
        whole.choose(drawn, 2)
        drawn += 2
        whole.observe({str(index): found})
    again = sampler(12, 3, family=family)
    again.restore(json.loads(json.dumps(whole.state())))
    assert again.choose(drawn, 5) == whole.choose(drawn, 5)


def test_equal_rewards_everywhere_leave_a_uniform_draw():
    made = sampler(4, memory=0.0)
    made.observe({str(index): [1.0, 1.0] for index in range(4)})
    assert len({task.id for task in made.choose(0, 100)}) == 4


def test_a_key_that_the_tasks_lack_is_named():
    with pytest.raises(ConfigError, match=r"no key 'steps'.*n_steps"):
        sampler(4, family="steps")
    with pytest.raises(ConfigError, match="no task"):
        create(SAMPLERS, "prioritised").start([], 0)
