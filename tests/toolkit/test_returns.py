"""Rewards turn by turn, and generalised advantages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Composed
from mentor_toolkit.returns import advantages, turn_rewards

unit = st.floats(-1, 1, allow_nan=False)


def test_by_hand():
    found = advantages(np.array([0.0, 1.0]), np.array([0.5, 0.25, 0.0]), 0.9, 0.5)
    last = 1.0 - 0.25
    assert found == pytest.approx([0.9 * 0.25 - 0.5 + 0.45 * last, last])


@given(st.lists(unit, min_size=1, max_size=6), st.floats(0.1, 1))
def test_without_values_they_are_exactly_the_discounted_returns(rewards, discount):
    found = advantages(np.array(rewards), np.zeros(len(rewards) + 1), discount, 1.0)
    expected, later = [], 0.0
    for reward in reversed(rewards):
        later = reward + discount * later
        expected.insert(0, later)
    assert found.tolist() == expected


@given(st.lists(unit, min_size=1, max_size=6), st.data())
def test_the_discounted_sum_of_one_step_advantages_is_the_return_less_the_first_value(
    rewards, data
):
    values = data.draw(st.lists(unit, min_size=len(rewards), max_size=len(rewards)))
    found = advantages(np.array(rewards), np.array([*values, 0.0]), 0.9, 0.0)
    weights = 0.9 ** np.arange(len(rewards))
    assert weights @ found == pytest.approx(weights @ np.array(rewards) - values[0])


@given(st.floats(-1, 1), st.lists(st.one_of(st.just(np.nan), unit), max_size=6))
def test_turns_share_out_the_whole_reward_and_nothing_else(reward, added):
    composed = Composed(np.array([reward]), [np.array(added, dtype=float)])
    found = turn_rewards(composed, 0, len(added))
    assert found.shape == (len(added),)
    assert np.isfinite(found).all()
    if added:
        assert found.sum() == pytest.approx(reward)
    assert np.isnan(added).tolist() == np.isnan(composed.turns_N[0]).tolist()  # left as it was
