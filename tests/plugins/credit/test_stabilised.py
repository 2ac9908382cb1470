"""Stabilised: no step before the critic can judge, and never a large one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed, Scores
from mentor_core.door.registry import CREDITS, create

NAN = np.nan
ANY = st.floats(-1e6, 1e6, allow_nan=False)


def assign(name, rewards, turns, values, **options):
    rewards_B = np.array(rewards, dtype=float)
    turns_NK = [np.full((count, 1), NAN) for count in turns]
    scores = Scores(("o",), np.ones(1), rewards_B[:, None], turns_NK, np.zeros(len(turns), int))
    layouts = [Layout(n, [(k, k + 1) for k in range(n)]) for n in turns]
    return create(CREDITS, name, options).assign(
        Composed(rewards_B, None, values, 1.0, scores), np.zeros(len(turns), int), layouts
    )


EPISODES = st.lists(st.tuples(ANY | st.just(NAN), st.lists(ANY, max_size=4)), min_size=1)


@given(EPISODES, st.floats(0.1, 5))
def test_no_advantage_is_beyond_the_bound_whatever_reward_and_critic_say(episodes, most):
    rewards = [reward for reward, _ in episodes]
    values = [np.array([*values_N, 0.0]) for _, values_N in episodes]
    turns = [len(values_N) for _, values_N in episodes]
    for found in assign("stabilised", rewards, turns, values, most=most):
        assert np.isfinite(found).all()
        assert (np.abs(found) <= most).all()


def test_a_reward_of_a_million_moves_others_as_little_as_itself():
    """The broken variant is `turn_critic`: its advantages are as large as the reward."""
    rewards, turns = [1e6, *[0.0, 1.0] * 8], [1] * 17
    values = [np.array([0.5, 0.0]) for _ in turns]
    assert np.abs(np.concatenate(assign("turn_critic", rewards, turns, values))).max() > 1e5
    assert np.abs(np.concatenate(assign("stabilised", rewards, turns, values))).max() <= 3


def test_the_spread_is_one_and_the_order_is_that_of_the_inner_advantages():
    rewards, turns = [1.0, 0.0, 0.2, 0.7], [2, 1, 3, 1]
    values = [np.zeros(n + 1) for n in turns]
    plain = np.concatenate(assign("turn_critic", rewards, turns, values))
    found = np.concatenate(assign("stabilised", rewards, turns, values))
    assert found.mean() == pytest.approx(0, abs=1e-12)
    assert found.std(ddof=1) == pytest.approx(1, rel=1e-3)
    order = np.argsort(plain, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
