"""RiskAdjusted: a steady arm wins over one of higher mean; the formula, and its limits."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Scores
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.risk_adjusted import RiskAdjusted
from mentor_plugins.composers.weighted_sum import WeightedSum

NAN = np.nan


def compose(composer, rewards):
    values_BK = np.array(rewards, dtype=float)[:, None]
    turns_NK = [np.empty((0, 1))] * len(values_BK)
    scores = Scores(("a",), np.ones(1), values_BK, turns_NK, np.zeros(len(values_BK), int))
    return composer.compose(scores, 0.0).rewards_B


def sharpe(mean, square):
    return mean / np.sqrt(square - mean**2)


def test_the_reward_is_the_derivative_of_the_ratio():
    """A small step of the moving means towards an episode changes the ratio by its reward."""
    composer = RiskAdjusted(rate=1e-9)
    compose(composer, [0.2, 0.4, 0.9])
    mean, square = composer.state()["means"]
    step = 1e-7
    for x in (0.0, 0.3, 1.0):
        moved = sharpe(mean + step * (x - mean), square + step * (x**2 - square))
        change = (moved - sharpe(mean, square)) / step
        assert compose(composer, [x])[0] == pytest.approx(change, rel=1e-4, abs=1e-5)


def played(composer, steps=1500, rate=0.05):
    """Probability of the steady arm (0.5 ± 0.1); the other arm has 0.6 ± 0.6."""
    draw = np.random.default_rng(1)
    logit = 0.0
    for _ in range(steps):
        steady = 1 / (1 + np.exp(-logit))
        chosen = draw.random(64) < steady
        rewards = np.where(chosen, draw.normal(0.5, 0.1, 64), draw.normal(0.6, 0.6, 64))
        found = compose(composer, rewards)
        logit += rate * np.mean((found - found.mean()) * (chosen - steady))
    return 1 / (1 + np.exp(-logit))


def test_entry_17_the_steady_arm_wins_and_costs_mean_reward():
    assert played(RiskAdjusted()) > 0.9


def test_entry_17_the_mean_alone_chooses_the_other_arm():
    assert played(WeightedSum()) < 0.5


@given(st.lists(st.floats(0, 1) | st.just(NAN), min_size=1, max_size=8), st.floats(0, 1))
def test_constant_and_missing_rewards_give_finite_values(rewards, constant):
    composer = RiskAdjusted()
    for batch in ([constant] * 4, rewards, [constant] * 2):
        found = compose(composer, batch)
        assert (np.isnan(found) == np.isnan(batch)).all()
        assert np.isfinite(found[~np.isnan(found)]).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.lists(st.floats(0, 1), min_size=1))
def test_a_resumed_composer_goes_on_bit_for_bit(first, second):
    whole, again = RiskAdjusted(), RiskAdjusted()
    again.restore(json.loads(json.dumps(again.state())))
    compose(whole, first)
    again.restore(json.loads(json.dumps(whole.state())))
    assert compose(whole, second).tolist() == compose(again, second).tolist()
    assert whole.state() == again.state()


def test_an_outcome_alone_is_refused_unless_it_is_graded():
    weights = {"outcome": 1.0, "format": 0.0}
    with pytest.raises(ConfigError, match="graded=true"):
        RiskAdjusted().check(dict.fromkeys(weights), weights)
    RiskAdjusted(graded=True).check(dict.fromkeys(weights), weights)
    RiskAdjusted().check(dict.fromkeys(weights), {"outcome": 1.0, "format": 0.5})
