import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Scores
from mentor_plugins.composers.weighted_sum import WeightedSum

NAN = np.nan


def scores(values_BK, weights_K, turns_NK=None):
    values_BK = np.array(values_BK, dtype=float)
    return Scores(
        tuple("abcdef"[: len(weights_K)]),
        np.array(weights_K, dtype=float),
        values_BK,
        [np.array(t, dtype=float) for t in turns_NK or [np.empty((0, len(weights_K)))]],
        np.zeros(len(values_BK), dtype=np.int64),
    )


@pytest.mark.parametrize(
    ("values_K", "weights_K", "options", "expected"),
    [
        ([1, 0.5], [3, 1], {}, 3.5 / 4),
        ([1, 0.5], [3, 1], {"normalise": False}, 3.5),
        ([1, 0.5], [3, -1], {}, 2.5 / 4),
        ([1, NAN], [3, 0], {}, 1),
        ([1, NAN], [3, 1], {}, NAN),
        ([0.5, NAN], [3, 1], {"missing": "renormalise"}, 0.5),
        ([0.5, NAN], [3, 1], {"missing": "renormalise", "normalise": False}, 2),
        ([NAN, NAN], [3, 1], {"missing": "renormalise"}, NAN),
    ],
)
def test_rewards_by_hand(values_K, weights_K, options, expected):
    composed = WeightedSum(**options).compose(scores([values_K], weights_K), 0.0)
    assert composed.rewards_B == pytest.approx([expected], nan_ok=True)


def test_turns_count_the_terms_that_score_them():
    batch = scores([[1, 1, 1]], [1, 3, 0], [[[1, NAN, 0], [1, 0, 1], [NAN, NAN, 1]]])
    (turns_N,) = WeightedSum().compose(batch, 0.0).turns_N
    assert turns_N == pytest.approx([1, 0.25, NAN], nan_ok=True)


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=4),
    st.lists(st.floats(0.01, 10), min_size=3, max_size=3),
)
def test_normalised_rewards_stay_within_the_range_of_the_scores(values_BK, weights_K):
    rewards_B = WeightedSum().compose(scores(values_BK, weights_K), 0.0).rewards_B
    assert (rewards_B >= np.min(values_BK, axis=1) - 1e-12).all()
    assert (rewards_B <= np.max(values_BK, axis=1) + 1e-12).all()
