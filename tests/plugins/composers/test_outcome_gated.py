from typing import ClassVar

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mentor_core.contracts.reward import RewardTerm, Scores
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.outcome_gated import OutcomeGated
from mentor_runs.assembly.reward import Reward

NAN = np.nan
TERMS = ("teacher", "outcome", "format")


class Fixed(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0


class Signed(Fixed):
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)


def compose(composer, values_BK, weights_K, turns=None):
    values_BK = np.array(values_BK, dtype=float)
    turns_NK = [np.array(turns, dtype=float) if turns else np.empty((0, 3)) for _ in values_BK]
    groups_B = np.zeros(len(values_BK), dtype=np.int64)
    weights_K = np.array(weights_K, dtype=float)
    return composer.compose(Scores(TERMS, weights_K, values_BK, turns_NK, groups_B), 0.0)


@pytest.mark.parametrize(
    ("values_K", "expected"),
    [
        ([1, 1, 1], 1),
        ([0, 1, 0], 0.6),
        ([0.5, 1, 1], 0.6 + 0.25),
        ([1, 0, 1], 0.2 * 0.4),
        ([0, 0, 0], 0),
        ([1, 0.5, 1], 0.3 + 0.2 * 0.4),
        ([NAN, 1, 1], 1),
        ([NAN, 1, 0], 0.6),
        ([NAN, 1, NAN], 0.6),
        ([1, NAN, 1], NAN),
    ],
)
def test_rewards_by_hand(values_K, expected):
    rewards_B = compose(OutcomeGated(), [values_K], [0.3, 0.6, 0.1]).rewards_B
    assert rewards_B == pytest.approx([expected], nan_ok=True)


def test_turns_are_gated_too():
    turns = [[1, NAN, 0], [NAN, NAN, 1], [NAN, NAN, NAN]]
    composed = compose(OutcomeGated(), [[1, 1, 1], [1, 0, 1]], [3, 6, 1], turns)
    assert composed.turns_N[0] == pytest.approx([0.75, 1, NAN], nan_ok=True)
    assert composed.turns_N[1] == pytest.approx([0.15, 0.2, NAN], nan_ok=True)


scores = st.none() | st.floats(0, 1)
weights = st.tuples(*[st.floats(0, 10)] * 3).filter(lambda w: sum(w) > 0)


@given(
    weights,
    st.floats(0, 0.99),
    st.floats(0.01, 1),
    st.tuples(scores, st.just(0.0), scores),
    st.tuples(scores, st.floats(0, 1), scores),
)
def test_shaping_cannot_outweigh_being_right(weights_K, wrong_share, threshold, wrong, right):
    assume(right[1] >= threshold)
    composer = OutcomeGated(wrong_share=wrong_share, threshold=threshold)
    values_BK = [[NAN if value is None else value for value in row] for row in (wrong, right)]
    try:
        low, high = compose(composer, values_BK, weights_K).rewards_B
    except ConfigError:
        share = weights_K[1] / sum(weights_K)
        assert wrong_share * (1 - share) > share * threshold
    else:
        assert 0 <= low <= high + 1e-12
        assert high <= 1 + 1e-12


@given(st.tuples(scores, scores), st.floats(0, 1), st.floats(0, 1))
def test_a_better_outcome_never_gets_less(shaping, worse, better):
    worse, better = sorted((worse, better))
    first, last = (NAN if value is None else value for value in shaping)
    values_BK = [[first, worse, last], [first, better, last]]
    low, high = compose(OutcomeGated(), values_BK, [0.3, 0.6, 0.1]).rewards_B
    assert low <= high + 1e-12


@pytest.mark.parametrize(
    ("terms", "weights", "message"),
    [
        ({"format": Fixed()}, {"format": 1}, "requires the reward term"),
        ({"outcome": Fixed(), "x": Fixed()}, {"outcome": 0.1, "x": 0.9}, "raise the weight"),
        ({"outcome": Fixed(), "x": Fixed()}, {"outcome": 0.9, "x": -0.1}, "'x' is negative"),
        ({"outcome": Fixed(), "x": Signed()}, {"outcome": 0.9, "x": 0.1}, r"'x' is in \[-1.0, 1"),
    ],
)
def test_what_breaks_the_guarantee_is_refused_before_the_run(terms, weights, message):
    with pytest.raises(ConfigError, match=message):
        Reward(terms, weights, OutcomeGated())
