"""Credits that use a critic's values: exact where they can be, finite everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed, Scores
from mentor_core.door.registry import CREDITS, create

NAN = np.nan
unit = st.floats(-1, 1, allow_nan=False)


def composed(rewards, turns, values=None, turns_N=None, discount=1.0):
    """A batch of one reward term; `turns` are the numbers of turns."""
    rewards_B = np.array(rewards, dtype=np.float64)
    turns_NK = [np.full((count, 1), NAN) for count in turns]
    scores = Scores(("o",), np.ones(1), rewards_B[:, None], turns_NK, np.zeros(len(turns), int))
    return Composed(rewards_B, turns_N, values, discount, scores)


def tokens(turns):
    """Two tokens a turn and one written token after each."""
    return [Layout(3 * n, [(3 * k, 3 * k + 2) for k in range(n)]) for n in turns]


def assign(name, batch, turns, groups=None, **options):
    groups_B = np.array(groups if groups is not None else [0] * len(turns))
    return create(CREDITS, name, options).assign(batch, groups_B, tokens(turns))


def zeros(turns, *columns):
    return [np.zeros((n + 1, *columns)) for n in turns]


@given(st.lists(st.tuples(unit, st.integers(0, 5)), min_size=1, max_size=5), st.floats(0.1, 1))
def test_without_values_it_is_exactly_the_discounted_return(episodes, discount):
    rewards, turns = zip(*episodes, strict=True)
    batch = composed(rewards, turns, zeros(turns), discount=discount)
    for reward, count, found in zip(
        rewards, turns, assign("turn_critic", batch, turns, lam=1), strict=True
    ):
        expected, later = np.zeros(3 * count), reward
        for k in reversed(range(count)):
            expected[3 * k : 3 * k + 2] = later
            later = 0.0 + discount * later
        assert found.tolist() == expected.tolist()


def test_with_the_groups_mean_as_value_it_is_the_credit_group():
    rewards, turns = [1.0, 0.0, 0.5], [2, 1, 3]
    values = [np.array([0.5] * n + [0.0]) for n in turns]
    found = assign("turn_critic", composed(rewards, turns, values), turns, lam=1)
    plain = assign("group", composed(rewards, turns), turns, scale="none")
    for one, other, layout in zip(found, plain, tokens(turns), strict=True):
        for span in layout.spans:
            assert one[slice(*span)] == pytest.approx(other[slice(*span)])


@pytest.mark.parametrize("name", ["turn_critic", "hier_critic", "multi_critic"])
def test_before_the_critic_gives_values_the_group_is_the_baseline(name):
    """A value of 0 instead would praise every episode of the first steps."""
    rewards, turns = [1.0, 0.0, NAN], [2, 1, 1]
    found = assign(name, composed(rewards, turns), turns)
    assert [row[0] for row in found] == [0.5, -0.5, 0.0]


@pytest.mark.parametrize("name", ["turn_critic", "hier_critic", "multi_critic"])
def test_nothing_scored_gives_nothing_and_no_turn_needs_tokens(name):
    turns = [2, 0]
    columns = (1,) if name == "multi_critic" else ()
    for values in (None, zeros(turns, *columns)):
        found = assign(name, composed([NAN, NAN], turns, values), turns)
        assert not any(row.any() for row in found)
        layouts = [Layout(2, [None, (0, 2)]), Layout(0, [])]
        batch = composed([1.0, 0.0], turns, values)
        for groups in ([0, 0], [0, 1]):  # groups of one, too
            rows = create(CREDITS, name).assign(batch, np.array(groups), layouts)
            assert [len(row) for row in rows] == [2, 0]
            assert np.isfinite(rows[0]).all()


def test_a_turn_gets_what_it_earned_later_turns_included():
    turns = [2]
    batch = composed([1.0], turns, zeros(turns), [np.array([0.25, 0.5])])
    [found] = assign("turn_critic", batch, turns, lam=1)
    assert found.tolist() == [1.0, 1.0, 0.0, 0.75, 0.75, 0.0]  # the last turn gets the rest


def spread(weights, values_BK, name="multi_critic"):
    """Influence of two terms: the standard deviation of each one's part of the advantages."""
    turns = [1] * len(values_BK)
    parts = []
    for column in range(2):
        own = np.where(np.arange(2) == column, weights, 0.0)
        turns_NK = [np.full((1, 2), NAN) for _ in turns]
        scores = Scores(("a", "b"), own, values_BK, turns_NK, np.zeros(len(turns), int))
        batch = Composed(values_BK @ own, None, zeros(turns, 2), 1.0, scores)
        if name != "multi_critic":
            batch = Composed(values_BK @ own, None, zeros(turns))
        parts.append(np.std([row[0] for row in assign(name, batch, turns, lam=1)]))
    return parts


def test_terms_of_unequal_spread_have_equal_influence():
    """Entry 39 of the methods; with one critic on the sum, the small term nearly vanishes."""
    draw = np.random.default_rng(0)
    values_BK = draw.normal(size=(256, 2)) * [0.5, 0.01]
    for factor in (1.0, 1000.0):
        a, b = spread([0.5, 0.5], values_BK * [factor, 1.0])
        assert a == pytest.approx(b, rel=0.02)
    a, b = spread([0.5, 0.5], values_BK, "turn_critic")
    assert a > 20 * b
