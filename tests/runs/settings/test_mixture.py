"""Several environments in one run: how they are written, and what each gets of the training."""

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
from mentor_runs.settings.mixture import (
    Mixture,
    carry_options,
    format_mixture,
    parse_mixture,
    split_options,
)

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


# Written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "weights", "written"),
    [
        ("calculator", {"calculator": 1}, "calculator"),
        ("calculator=3", {"calculator": 3}, "calculator"),
        ("calculator,dice", {"calculator": 1, "dice": 1}, "calculator,dice"),
        (" dice = 0.5 ,calculator=1.0", {"dice": 0.5, "calculator": 1}, "dice=0.5,calculator"),
        ("calculator,dice=1e-1", {"calculator": 1, "dice": 0.1}, "calculator,dice=0.1"),
        ("calculator=20,dice=2", {"calculator": 20, "dice": 2}, "calculator=20,dice=2"),
    ],
)
def test_a_mixture_is_read_and_written_in_one_way(text, weights, written):
    assert parse_mixture(text) == weights
    assert format_mixture(parse_mixture(text)) == written


@given(WEIGHTS)
def test_what_is_written_gives_the_same_weights_to_the_last_bit(weights):
    read = parse_mixture(format_mixture(weights))
    assert list(read) == list(weights)
    assert len(weights) == 1 or read == weights


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a name is empty"),
        ("calculator,", "a name is empty"),
        ("calculator,,dice", "a name is empty"),
        ("=2", "a name is empty"),
        ("dice,calculator,dice=2", "'dice' is given twice"),
        (
            "dice,calculator=0",
            "the weight of 'calculator' is '0'; expected a finite number above 0",
        ),
        ("dice,calculator=-1", "the weight of 'calculator' is '-1'"),
        ("dice=nan,calculator", "the weight of 'dice' is 'nan'"),
        ("dice=inf,calculator", "the weight of 'dice' is 'inf'"),
        ("dice=,calculator", "the weight of 'dice' is ''"),
        ("dice=half,calculator", "the weight of 'dice' is 'half'"),
        ("dice=1=2", "the weight of 'dice' is '1=2'"),
    ],
)
def test_what_is_no_mixture_says_why(text, message):
    with pytest.raises(ValueError, match=message):
        parse_mixture(text)


# Options ---------------------------------------------------------------------------------------


def test_one_environment_has_all_options_and_of_several_each_its_own():
    assert split_options(["dice"], {"sides": 6}) == {"dice": {"sides": 6}}
    assert split_options(["dice", "shop"], {"shop": {"size": 3}}) == {
        "dice": {},
        "shop": {"size": 3},
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"sides": 6},
            "env_options.sides: .*write env_options.NAME.sides, with NAME one of dice, sh",
        ),
        ({"shp": {"size": 3}}, "env_options.shp: 'shp' is not an environment.*did you mean shop"),
        ({"shop": 3}, "env_options.shop: expected a table of options of 'shop', not 3"),
    ],
)
def test_options_of_nobody_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        split_options(["dice", "shop"], options)


@pytest.mark.parametrize(
    ("old", "new", "options", "expected"),
    [
        ("dice", "dice", {"sides": 6}, {"sides": 6}),
        ("dice", "dice,shop", {"sides": 6}, {"dice": {"sides": 6}}),
        ("dice,shop", "shop", {"dice": {"sides": 6}, "shop": {"size": 3}}, {"size": 3}),
        ("dice,shop", "shop,dice=2", {"dice": {"sides": 6}}, {"dice": {"sides": 6}}),
        ("dice,shop", "files", {"dice": {"sides": 6}}, {}),
        ("dice", "shop", {"sides": 6}, {}),
    ],
)
def test_options_stay_with_their_environment(old, new, options, expected):
    assert carry_options(old, new, options) == expected


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
