"""Intervals over tasks: they must hold the truth as often as they claim, and never too narrow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from mentor_runs.evaluation.intervals import estimate

samples = st.integers(1, 6).flatmap(
    lambda k: st.lists(st.integers(0, k).map(lambda c: (c, k)), min_size=1, max_size=30)
)


def of(counts):
    """The estimate of (successes, episodes) of each task."""
    return estimate([c / k for c, k in counts], sum(k for _, k in counts))


def width(interval):
    return interval[1] - interval[0]


def wilson(successes, count):
    interval = binomtest(successes, count).proportion_ci(0.95, "wilson")
    return interval.low, interval.high


@given(st.lists(st.integers(0, 1), min_size=1, max_size=40))
def test_one_episode_a_task_gives_wilsons_interval(outcomes):
    found = of([(outcome, 1) for outcome in outcomes])
    assert found.interval == pytest.approx(wilson(sum(outcomes), len(outcomes)), abs=1e-9)


@given(samples)
def test_the_interval_is_of_shares_and_contains_the_share(counts):
    found = of(counts)
    low, high = found.interval
    assert 0 <= low <= found.mean <= high <= 1
    assert found.tasks == len(counts)


@given(samples)
def test_the_interval_is_never_narrower_than_that_of_independent_episodes(counts):
    """Episodes of one task can only say less than as many of different tasks."""
    successes, episodes = (sum(column) for column in zip(*counts, strict=True))
    assert width(of(counts).interval) >= width(wilson(successes, episodes)) - 1e-9


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(2, 8))
def test_samples_that_always_agree_say_no_more_than_one_of_each_task(succeeded, k):
    alone = of([(int(s), 1) for s in succeeded])
    agreeing = of([(k * int(s), k) for s in succeeded])
    assert width(agreeing.interval) >= width(alone.interval) - 1e-9


def test_many_episodes_of_one_task_say_little_about_others():
    assert width(of([(50, 100)]).interval) > 0.7


@pytest.mark.parametrize(("spread", "naive"), [(0.5, 0.80), (2.0, 0.90), (50.0, 1.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(spread, naive):
    """40 tasks whose chances differ, 4 episodes each; the interval of 160 independent ones fails.

    Args:
        spread: chances are drawn from beta(spread, spread), whose mean is 0.5.
        naive: the most of the time that Wilson's interval of all episodes holds 0.5.
    """
    draw, trials, held, held_naive = np.random.default_rng(1), 400, 0, 0
    for _ in range(trials):
        successes = draw.binomial(4, draw.beta(spread, spread, 40))
        low, high = of([(int(c), 4) for c in successes]).interval
        held += low <= 0.5 <= high
        low, high = wilson(int(successes.sum()), 160)
        held_naive += low <= 0.5 <= high
    assert 0.92 <= held / trials <= 0.98
    assert held_naive / trials <= naive


def test_a_rare_success_is_held_too():
    draw, trials, held = np.random.default_rng(2), 400, 0
    for _ in range(trials):
        successes = draw.binomial(4, draw.beta(0.3, 2.7, 60))
        low, high = of([(int(c), 4) for c in successes]).interval
        held += low <= 0.1 <= high
    assert 0.91 <= held / trials <= 0.98


@pytest.mark.parametrize(("a", "b", "least"), [(2.0, 3.0, 0.92), (20.0, 0.5, 0.89)])
def test_scores_between_bounds_are_held_too(a, b, least):
    """Scores of 40 tasks between −2 and 1, in the middle and near the upper bound."""
    draw, trials, held = np.random.default_rng(3), 400, 0
    truth = 3 * a / (a + b) - 2
    for _ in range(trials):
        scores = 3 * draw.beta(a, b, 40) - 2
        low, high = estimate(scores.tolist(), bounds=(-2.0, 1.0)).interval
        assert -2 <= low <= scores.mean() <= high <= 1
        held += low <= truth <= high
    assert least <= held / trials <= 0.98


def test_scores_that_are_all_alike():
    assert estimate([0.5] * 9).interval == (0.5, 0.5)
    assert estimate([1.0] * 9).interval == pytest.approx(wilson(9, 9))
    assert estimate([0.0, 1.0], bounds=(-math.inf, 1.0)).interval is None
