import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Scores
from mentor_plugins.composers.normalised import Normalised
from mentor_plugins.credit.group import GroupAdvantage
from mentor_toolkit.group_means import group_means

NAN = np.nan


def batch(values_BK, weights_K, groups_B, turns_NK=None):
    values_BK = np.array(values_BK, dtype=float)
    turns = turns_NK or [np.empty((0, len(weights_K)))] * len(values_BK)
    return Scores(
        tuple("abcdef"[: len(weights_K)]),
        np.array(weights_K, dtype=float),
        values_BK,
        [np.array(t, dtype=float) for t in turns],
        np.array(groups_B),
    )


def advantages(scores):
    composed = Normalised().compose(scores, 0.0)
    layouts = [Layout(1, [(0, 1)])] * len(scores.values_BK)
    found = GroupAdvantage(scale="none").assign(composed, scores.groups_B, layouts)
    return np.array([a[0] for a in found])


def test_each_term_is_scaled_by_its_own_spread():
    """Whatever the scales of the terms are, equal weights pull equally."""
    values_BK = [[0, 0], [1, 0.001], [0, 0.001], [1, 0]]
    found = advantages(batch(values_BK, [1, 1], [0, 0, 1, 1]))
    deviation = np.std([-0.5, 0.5, -0.5, 0.5], ddof=1)
    assert found == pytest.approx(np.array([-1, 1, 0, 0]) / deviation)


def test_a_term_without_spread_adds_nothing():
    found = advantages(batch([[0.1, 0], [0.1, 1], [0.1, 0]], [5, 1], [0, 0, 0]))
    assert found == pytest.approx(advantages(batch([[0], [1], [0]], [1], [0, 0, 0])))
    # nor does one that differs only from group to group
    between = [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert advantages(batch(between, [5, 1], [0, 0, 1, 1])) == pytest.approx(
        advantages(batch([[0], [1], [0], [1]], [1], [0, 0, 1, 1]))
    )


def test_what_is_not_scored_adds_nothing_and_a_trajectory_without_scores_has_no_reward():
    scores = batch([[0, NAN], [1, 0], [NAN, 1], [NAN, NAN]], [1, 1], [0, 0, 0, 0])
    rewards_B = Normalised().compose(scores, 0.0).rewards_B
    assert np.isnan(rewards_B).tolist() == [False, False, False, True]
    std = np.std([-0.5, 0.5], ddof=1)
    assert advantages(scores) == pytest.approx(np.array([-0.5, 0, 0.5, 0]) / std)


def test_the_mean_reward_is_the_weighted_mean_score():
    rewards_B = Normalised().compose(batch([[0, 1], [1, 0.5]], [2, 3], [0, 0]), 0.0).rewards_B
    assert rewards_B.mean() == pytest.approx(2 * 0.5 + 3 * 0.75)


def test_what_turns_added_is_in_the_units_of_the_terms():
    turns = [np.reshape(t, (-1, 3)) for t in ([[0, NAN, 2], [0.5, 5, 2]], [[1, 1, 2]], [])]
    scores = batch([[0, 0, 1], [1, 0, 1], [1, NAN, 1]], [2, 0, 3], [0, 0, 0], turns)
    composed = Normalised().compose(scores, 0.0)
    std = np.std([0, 1, 1], ddof=1)  # the third term has no std, the second no weight
    assert composed.turns_N[0] == pytest.approx([0, 2 * 0.5 / std])
    assert composed.turns_N[1] == pytest.approx([2 / std])
    assert [len(t) for t in composed.turns_N] == [2, 1, 0]


def test_nothing_is_known_of_a_turn_that_no_term_scores():
    turns = [np.array([[NAN, NAN], [NAN, 1]])] * 2
    composed = Normalised().compose(batch([[0, 0], [1, 1]], [1, 1], [0, 0], turns), 0.0)
    assert np.isnan(composed.turns_N[0]).tolist() == [True, False]


scored = st.just(NAN) | st.floats(-3, 3).map(lambda x: round(x, 3))


@given(
    st.lists(st.tuples(scored, scored, scored, st.integers(0, 2)), min_size=1, max_size=12),
    st.tuples(*[st.floats(0.1, 10)] * 3),
)
def test_the_advantage_is_the_weighted_sum_of_normalised_differences(rows, weights_K):
    columns = np.array(rows, dtype=float)
    values_BK, groups_B = columns[:, :3], columns[:, 3].astype(int)
    expected_B = np.zeros(len(rows))
    for values_B, weight in zip(values_BK.T, weights_K, strict=True):
        differences_B = values_B - group_means(values_B, groups_B)
        seen = differences_B[~np.isnan(differences_B)]
        std = seen.std(ddof=1) if seen.size > 1 else 0.0
        if std > 1e-6:
            expected_B += weight * np.nan_to_num(differences_B) / std
    found = advantages(batch(values_BK, weights_K, groups_B))
    assert np.isfinite(found).all()
    assert found == pytest.approx(expected_B, abs=1e-6)
