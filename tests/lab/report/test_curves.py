"""Curves and their intervals."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from mentor_lab.report.curves import MOST_POINTS, Curve, curve
from mentor_lab.report.intervals import of_mean, over_tasks
from mentor_lab.report.read import Episode
from mentor_lab.report.traces import lines
from mentor_lab.testing import trajectory_of

values = st.floats(-10, 10)


def episode(step, group, reward):
    played = trajectory_of("3", policy_version=step - 1, group=group, reward=reward)
    return Episode("train", Path("train.jsonl"), 1, 0, played)


@given(st.lists(values, min_size=2, max_size=30))
def test_an_interval_is_around_the_mean_and_as_wide_as_scipy_says(found):
    low, high = of_mean(found)
    mean = sum(found) / len(found)
    assert low <= mean + 1e-9 and mean - 1e-9 <= high
    spread = max(found) - min(found)
    if spread > 1e-3:
        deviation = (sum((v - mean) ** 2 for v in found) / (len(found) - 1)) ** 0.5
        expected = t.interval(0.95, len(found) - 1, mean, deviation / len(found) ** 0.5)
        assert (low, high) == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_an_interval_of_shares_stays_among_shares(found):
    low, high = over_tasks(found)
    assert 0 <= low <= sum(found) / len(found) + 1e-9
    assert sum(found) / len(found) - 1e-9 <= high <= 1


def test_one_task_has_no_interval_and_agreement_is_no_certainty():
    assert of_mean([0.4]) is None
    assert over_tasks([0.4]) is None
    assert over_tasks([0.0] * 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert over_tasks([3.0, 5.0]) == of_mean([3.0, 5.0])


def test_episodes_of_one_task_count_as_one():
    """64 equal episodes of two tasks know no more than two numbers do."""
    episodes = [episode(1, group, float(group)) for group in (0, 1) for _ in range(32)]
    drawn = curve("reward", [{"step": 1, "reward": 0.5}], episodes)
    assert (drawn.low[0], drawn.high[0]) == pytest.approx(over_tasks([0.0, 1.0]))


def test_a_step_with_one_task_or_without_episodes_has_no_interval():
    rows = [{"step": 1, "reward": 0.5}, {"step": 2, "reward": None}]
    drawn = curve("reward", rows, [episode(1, 0, 0.5)])
    assert (drawn.mean, drawn.low, drawn.high) == ([0.5, None], [None, None], [None, None])


@given(st.integers(1, 5000))
def test_a_long_training_is_drawn_with_few_points_and_nothing_is_lost(steps):
    rows = [{"step": step, "loss": float(step)} for step in range(1, steps + 1)]
    drawn = curve("loss", rows, [])
    assert len(drawn.steps) <= MOST_POINTS
    assert drawn.steps[-1] == steps and drawn.steps == sorted(set(drawn.steps))
    sizes = [b - a for a, b in zip([0, *drawn.steps], drawn.steps, strict=False)]
    total = sum(mean * size for mean, size in zip(drawn.mean, sizes, strict=True))
    assert total == pytest.approx(steps * (steps + 1) / 2)


def test_a_metric_of_few_steps_is_drawn_as_a_line_with_points():
    """Expert iteration plays in few steps of many: a gap after each point would hide them all."""
    steps = [*range(1, 201)]
    mean = [step / 200 if step % 50 == 0 else None for step in steps]
    low = [value and value - 0.1 for value in mean]
    high = [value and value + 0.1 for value in mean]
    *band, line = lines("success", 0, Curve(steps, mean, low, high))
    assert line["x"] == [50, 100, 150, 200]
    assert line["y"] == [0.25, 0.5, 0.75, 1.0]
    assert line["mode"] == "lines+markers"
    assert all(None not in trace["y"] for trace in band)
