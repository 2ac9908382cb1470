"""What each environment of a run gets of the training."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import PrivateAttr

from mentor_core.contracts.sampler import TaskSampler
from mentor_core.contracts.task import Task
from mentor_core.support.errors import ConfigError, PluginError
from mentor_plugins.samplers.uniform import Uniform
from mentor_runs.assembly.mixture import Mixture

NAMES = ("calculator", "dice", "shop", "files")
WEIGHTS = st.dictionaries(
    st.sampled_from(NAMES), st.floats(1e-3, 1e3), min_size=1, max_size=len(NAMES)
)
TASKS = [
    *(Task(f"t{n}", "calculator", "?") for n in range(5)),
    *(Task(f"t{n}", "dice", "?") for n in range(3)),
]


class Worst(TaskSampler):
    """The task with the lowest last reward, the first of them; repeats it."""

    _tasks: list = PrivateAttr(default_factory=list)
    _last: dict = PrivateAttr(default_factory=dict)
    _heard: list = PrivateAttr(default_factory=list)

    def start(self, tasks, seed):
        self._tasks = list(tasks)

    def choose(self, drawn, count):
        return [min(self._tasks, key=lambda task: self._last.get(task.id, 0.5))] * count

    def observe(self, rewards):
        self._heard.append(rewards)
        self._last |= {task: seen[-1] for task, seen in rewards.items() if seen}

    def state(self):
        return {"last": self._last}

    def restore(self, state):
        self._last = state["last"]


def mixture(weights, sampler=Uniform, tasks=TASKS, seed=0):
    made = Mixture(weights=weights, samplers={name: sampler() for name in weights})
    made.start(tasks, seed)
    return made


def keys(tasks):
    return [task.key for task in tasks]


# Shares ----------------------------------------------------------------------------------------


@given(WEIGHTS, st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_every_beginning_of_a_run_is_shared_out_by_the_weights(weights, counts):
    """However many groups a step has: also one, which is all that some students allow."""
    tasks = [Task("t", name, "?") for name in weights]
    run, drawn, taken = mixture(weights, tasks=tasks), 0, Counter()
    for count in counts:
        chosen = run.choose(drawn, count)
        assert len(chosen) == count
        drawn += count
        taken.update(task.env for task in chosen)
        for name, weight in weights.items():
            share = weight / sum(weights.values()) * drawn
            assert abs(taken[name] - share) < max(len(weights) - 1, 1e-6)


def test_half_the_weight_is_half_the_tasks():
    chosen = mixture({"calculator": 1, "dice": 0.5}).choose(0, 6)
    assert [task.env for task in chosen] == ["calculator", "dice", "calculator"] * 2


def test_each_environment_goes_through_all_its_tasks_before_one_comes_again():
    run, row = mixture({"calculator": 5, "dice": 3}), []
    for step in range(8):
        row += run.choose(3 * step, 3)
    for name, total in (("calculator", 5), ("dice", 3)):
        own = [task.id for task in row if task.env == name]
        assert len(own) == 3 * total
        for epoch in range(3):
            assert len(set(own[epoch * total : (epoch + 1) * total])) == total


def test_a_resumed_run_chooses_what_the_whole_one_would_have_chosen():
    whole, resumed = (mixture({"calculator": 1, "dice": 0.3}, seed=7) for _ in range(2))
    chosen = [keys(whole.choose(4 * step, 4)) for step in range(10)]
    assert [keys(resumed.choose(4 * step, 4)) for step in range(6, 10)] == chosen[6:]
    assert chosen != [
        keys(mixture({"calculator": 1, "dice": 0.3}, seed=8).choose(4 * step, 4))
        for step in range(10)
    ]


def test_a_single_environment_is_sampled_as_if_there_were_no_mixture():
    alone = Uniform()
    alone.start(TASKS[:5], 3)
    assert mixture({"calculator": 2}, seed=3).choose(5, 7) == alone.choose(5, 7)


# What samplers learn ---------------------------------------------------------------------------


def test_each_sampler_hears_of_its_own_tasks_only_though_ids_are_the_same():
    run = mixture({"calculator": 1, "dice": 1}, Worst)
    run.observe({("calculator", "t0"): [1.0, 0.9], ("dice", "t1"): [0.0]})
    run.observe({("calculator", "t1"): []} | {("calculator", "t2"): [0.1]})
    assert run.samplers["calculator"]._heard == [
        {"t0": [1.0, 0.9]},
        {"t1": [], "t2": [0.1]},
    ]
    assert run.samplers["dice"]._heard == [{"t1": [0.0]}]
    assert keys(run.choose(0, 2)) == [("calculator", "t2"), ("dice", "t1")]


def test_what_samplers_learnt_is_saved_and_given_back():
    run, resumed = (mixture({"calculator": 1, "dice": 1}, Worst) for _ in range(2))
    run.observe({("calculator", "t3"): [0.0], ("dice", "t2"): [0.0]})
    resumed.restore(json.loads(json.dumps(run.state())))
    assert keys(resumed.choose(2, 2)) == [("calculator", "t3"), ("dice", "t2")]


# What goes wrong -------------------------------------------------------------------------------


def test_an_environment_without_tasks_is_refused():
    with pytest.raises(ConfigError, match="no task"):
        mixture({"calculator": 1, "dice": 1}, tasks=TASKS[:5])


def test_a_sampler_that_chooses_too_few_is_named():
    class Lazy(Worst):
        def choose(self, drawn, count):
            return self._tasks[:1]

    with pytest.raises(PluginError, match=r"Lazy chose 1 tasks of 'calculator'; .* asked for 2"):
        mixture({"calculator": 1, "dice": 0.5}, Lazy).choose(0, 3)


@given(st.sampled_from([{"calculator": 1}, {"calculator": 1, "dice": 0.3}]), st.integers(0, 20))
def test_what_each_environment_reaches_is_what_is_chosen_of_it(weights, count):
    made = mixture(weights)
    chosen = made.choose(0, count) if count else []
    for name in weights:
        own = [task for task in TASKS if task.env == name]
        reached = mixture(weights).reach(name, own, 0, count)
        assert sorted(keys(reached)) == sorted({t.key for t in chosen if t.env == name})
