"""Paired comparisons: what they say must be true as often as they claim."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import DataError
from mentor_runs.evaluation import paired
from mentor_runs.evaluation.paired import compare, corrected, success_by_task

cells = st.sampled_from([0.0, 0.5, 1.0])


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch):
    monkeypatch.setattr(paired, "_RESAMPLES", 400)


def system(rows):
    """Seeds [S][T] → what `compare` takes."""
    return [{("e", str(task)): value for task, value in enumerate(row)} for row in rows]


def rows(seeds):
    return st.integers(1, 8).flatmap(
        lambda tasks: st.lists(
            st.lists(cells, min_size=tasks, max_size=tasks), min_size=seeds, max_size=seeds
        )
    )


def test_by_hand():
    found = compare(system([[0, 0, 1, 1]]), system([[1, 1, 1, 0]]))
    assert found.success == (0.5, 0.75)
    assert found.difference == 0.25
    assert (found.won, found.lost) == ([("e", "0"), ("e", "1")], [("e", "3")])
    assert found.interval[0] < 0 < found.interval[1]
    # (1.96 + 0.84)² · variance ÷ mean²; the variance of 1, 1, 0, -1 is 11/12.
    assert found.needed == 116


def test_a_clear_difference_is_told():
    found = compare(system([[0.0] * 40]), system([[1.0] * 30 + [0.0] * 10]))
    assert found.interval[0] > 0.5
    assert found.p_value < 0.01
    assert found.needed is None


@settings(max_examples=30)
@given(rows(1), st.data())
def test_a_system_and_itself_do_not_differ(one, data):
    found = compare(system(one), system(one))
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert not found.won
    assert not found.lost
    assert found.needed is None
    other = data.draw(st.lists(cells, min_size=len(one[0]), max_size=len(one[0])))
    there, back = compare(system(one), system([other])), compare(system([other]), system(one))
    assert there.difference == pytest.approx(-back.difference)
    assert (there.won, there.lost) == (back.lost, back.won)


def test_tasks_that_not_all_have_are_counted():
    found = compare([{("e", "0"): 1.0, ("e", "1"): 1.0}], [{("e", "0"): 0.0, ("f", "0"): 1.0}])
    assert (found.tasks, found.left_out, found.difference) == (1, 2, -1.0)
    with pytest.raises(DataError, match="no task that all"):
        compare([{("e", "0"): 1.0}], [{("f", "0"): 1.0}])


def test_only_verified_episodes_count():
    """An episode that could not be verified is no failure."""
    outcomes = [1.0, 0.0, 0.5, None]
    played = [Trajectory("t", "e", outcome=outcome) for outcome in outcomes]
    assert success_by_task(played) == {("e", "t"): pytest.approx(1 / 3)}
    assert success_by_task([Trajectory("t", "e")]) == {}


@pytest.mark.parametrize("seeds", [1, 4])
def test_intervals_hold_the_truth_as_often_as_they_say(seeds):
    """True difference 0.2 over tasks, and seeds that differ by themselves; 95 % are claimed."""
    draw, held, trials = np.random.default_rng(1), 0, 60
    for trial in range(trials):
        shift = draw.normal(0, 0.05 if seeds > 1 else 0, (2, seeds))
        chance = draw.uniform(0.2, 0.6, 80)
        both = [
            system((draw.random((seeds, 80)) < chance + 0.2 * b + shift[b][:, None]).astype(float))
            for b in range(2)
        ]
        low, high = compare(*both, seed=trial).interval
        held += low <= 0.2 <= high
    assert held / trials > 0.85


def test_two_equal_systems_are_rarely_told_apart():
    draw = np.random.default_rng(2)
    p_values = [
        compare(*(system([(draw.random(60) < 0.5).astype(float)]) for _ in range(2))).p_value
        for _ in range(60)
    ]
    assert sum(p < 0.05 for p in p_values) <= 8


def test_holm_by_hand():
    assert corrected([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert corrected([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_correction_never_makes_a_finding_surer(p_values):
    found = corrected(p_values)
    assert all(p <= more <= 1 for p, more in zip(p_values, found, strict=True))
    order = sorted(range(len(found)), key=lambda index: p_values[index])
    assert [found[index] for index in order] == sorted(found)
    assert min(found) == pytest.approx(min(1, len(found) * min(p_values)))
