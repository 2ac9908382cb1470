"""SpoWinrate: order counts and scale does not; preferences may go in circles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Scores
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.spo_winrate import SpoWinrate

NAN = np.nan


def compose(composer, values_BK, weights_K=(1.0, 0.5), groups_B=None):
    values_BK = np.array(values_BK, dtype=float)
    groups_B = np.zeros(len(values_BK), int) if groups_B is None else np.array(groups_B)
    turns_NK = [np.empty((0, values_BK.shape[1]))] * len(values_BK)
    names = tuple("abcdef"[: values_BK.shape[1]])
    scores = Scores(names, np.array(weights_K, dtype=float), values_BK, turns_NK, groups_B)
    return composer.compose(scores, 0.0).rewards_B


def test_the_first_term_decides_and_the_second_breaks_ties():
    """A sum would prefer the second episode: 0.9 + 0.5 < 0.89 + 1."""
    found = compose(SpoWinrate(), [[0.9, 0.0], [0.89, 1.0], [0.89, 0.5]])
    assert found.tolist() == [1.0, 0.5, 0.0]
    found = compose(SpoWinrate(order=["b", "a"]), [[0.9, 0.0], [0.89, 1.0], [0.89, 0.5]])
    assert found.tolist() == [0.0, 1.0, 0.5]


def test_what_is_not_scored_is_no_opponent_and_decides_nothing():
    found = compose(SpoWinrate(), [[NAN, 0.5], [0.1, 0.4], [NAN, NAN], [0.2, NAN]])
    assert found[:2].tolist() == [0.75, 0.0]  # beats the second by b, draws with the last
    assert np.isnan(found[2])
    assert compose(SpoWinrate(), [[0.3, 0.3]]).tolist() == [0.5]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2)), min_size=1, max_size=8),
    st.floats(0.5, 1000),
)
def test_rewards_are_shares_that_no_scale_changes(rows, scale):
    """The mean of each group is 1/2, however many of its episodes are alike."""
    values = np.array([[value] for value, _ in rows])
    groups = np.array([group for _, group in rows])
    composer = SpoWinrate(margin=0)
    found = compose(composer, values, [1.0], groups)
    assert compose(composer, values * 2.0**7 if scale > 1 else values, [1.0], groups) == (
        pytest.approx(found)
    )
    assert ((found >= 0) & (found <= 1)).all()
    for group in set(groups.tolist()):
        assert found[groups == group].mean() == pytest.approx(0.5)


# Entry 36: preferences in a circle have no scalar reward

WINS = np.array([[0.5, 0.95, 0.2], [0.05, 0.5, 0.9], [0.8, 0.1, 0.5]])
"""Probability that the row's arm is preferred to the column's."""


class Circle(SpoWinrate):
    def beats(self, one_K, other_K):
        return float(WINS[int(one_K[0]), int(other_K[0])])


def exploitability(rewards_of, steps=1000, rate=0.5):
    """Share of wins of the best answer to the mean policy; 1/2 is the least possible."""
    draw = np.random.default_rng(0)
    logits, mean = np.zeros(3), np.zeros(3)
    for step in range(steps):
        policy = np.exp(logits - logits.max())
        policy /= policy.sum()
        mean += policy / steps * 1.25 * (step >= steps // 5)  # without the way there
        arms = draw.choice(3, size=24, p=policy)
        rewards = rewards_of(arms)
        for arm in range(3):
            advantage = np.sum((rewards - rewards.mean()) * ((arms == arm) - policy[arm]))
            logits[arm] += rate * advantage / 24
    return (WINS @ mean).max()


def test_entry_36_the_mean_policy_of_win_rates_cannot_be_exploited():
    composer = Circle()
    assert exploitability(lambda arms: compose(composer, arms[:, None], [1.0])) <= 0.52


def test_entry_36_a_frozen_scalar_reward_can():
    """The broken variant: each arm's mean share of wins against the first policy, as its reward."""
    scalar = WINS.mean(axis=1)
    assert exploitability(lambda arms: scalar[arms]) >= 0.75


def test_what_gives_no_order_is_refused():
    terms = {"a": None, "b": None}
    for composer, weights, said in (
        (SpoWinrate(order=["c"]), {"a": 1, "b": 1}, "'c'"),
        (SpoWinrate(order=["a", "a"]), {"a": 1, "b": 1}, "twice"),
        (SpoWinrate(), {"a": 1, "b": -1}, "negative"),
    ):
        with pytest.raises(ConfigError, match=said):
            composer.check(terms, weights)
