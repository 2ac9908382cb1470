"""Gaussian_turn: the proofs of entry 7 of the methods."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.door.registry import CRITICS, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.critics.gaussian_turn import GaussianTurn


class Unscaled(GaussianTurn):
    """Broken: the weights are 1/σ², so the penalty's share depends on the rewards' scale."""

    def _weights(self, variances_R):
        return super()._weights(variances_R) / max(variances_R.mean(), 1e-12)


class Bold(GaussianTurn):
    """Broken: a planted sign error, the larger mean counts."""

    def _worth(self, design_RD):
        return (design_RD @ self._means_HD.T).max(1)


def learnt(teach, factory, seed, scale):
    critic = factory(warmup=1)
    draw = np.random.default_rng(seed)
    for _ in range(4):
        notes = [
            [{"turns": k, f"s{draw.integers(4)}": 1.0} for k in range(draw.integers(1, 5))]
            for _ in range(12)
        ]
        teach(critic, notes, scale * draw.normal(0.5, 1.0, len(notes)))
    return critic


def standardised(teach, factory, seed, scale):
    critic = learnt(teach, factory, seed, scale)
    [values] = critic.values([[{"turns": float(k), f"s{k}": 1.0} for k in range(4)] + [{}]])
    deviations = np.sqrt(np.maximum(critic._variances_HD[:, 0], 0.0))
    return np.concatenate(
        [(values[:-1] - values[:-1].mean()) / values[:-1].std(), deviations / scale]
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1e-3, 7.0, 100.0]))
def test_rewards_of_any_scale_give_the_same_standardised_predictions(teach, seed, scale):
    """A preset whose rewards go to 100 needs no other options than one that goes to 1."""
    plain = standardised(teach, GaussianTurn, seed, 1.0)
    assert standardised(teach, GaussianTurn, seed, scale) == pytest.approx(plain, abs=1e-6)


def test_weights_without_the_mean_variance_depend_on_the_scale(teach):
    plain = standardised(teach, Unscaled, 0, 1.0)
    assert standardised(teach, Unscaled, 0, 100.0) != pytest.approx(plain, abs=1e-2)


def overestimation(teach, factory=GaussianTurn, heads=2, states=8):
    """Mean of the best state's value, over 20 worlds whose states are all worth 0."""
    found = []
    for seed in range(20):
        draw = np.random.default_rng(seed)
        critic = factory(warmup=1, heads=heads)
        for _ in range(4):
            notes = [[{f"s{k}": 1.0}, {}] for k in range(states)] * 4
            teach(critic, notes, draw.normal(0.0, 1.0, len(notes)))
        found.append(
            max(v[0] for v in critic.values([[{f"s{k}": 1.0}, {}] for k in range(states)]))
        )
    return float(np.mean(found))


def test_twins_overestimate_the_best_state_less_than_one_head(teach):
    """A critic that believes in luck praises a turn that did nothing."""
    single, twins = overestimation(teach, heads=1), overestimation(teach)
    assert 0 <= twins < 0.7 * single
    assert overestimation(teach, Bold) > single


def error_of(teach, factory):
    """Squared error of the values, if one state's rewards are ten times as noisy as the other's."""
    errors = []
    for seed in range(20):
        draw = np.random.default_rng(seed)
        critic = factory(warmup=1, heads=1, ridge=1e-3)
        for _ in range(6):
            sizes = [float(k) for k in range(1, 5)] * 4
            notes = [[{"turns": size}, {}] for size in sizes]
            teach(critic, notes, [0.5 * s + draw.normal(0, 2.0 if s > 2 else 0.1) for s in sizes])
        values = critic.values([[{"turns": size}, {}] for size in (1.0, 2.0, 3.0, 4.0)])
        errors.append(
            np.mean([(v[0] - 0.5 * s) ** 2 for v, s in zip(values, (1, 2, 3, 4), strict=True)])
        )
    return float(np.mean(errors))


class Even(GaussianTurn):
    """Without the method: all turns count alike."""

    def _weights(self, variances_R):
        return np.ones(len(variances_R))


def test_noisy_turns_count_less(teach):
    assert error_of(teach, GaussianTurn) < 0.9 * error_of(teach, Even)


def test_one_wild_reward_raises_the_deviation_little(teach):
    """Errors count up to `clip` deviations; without that limit one episode sets the variance."""
    found = []
    for clip in (3.0, 1e9):
        critic, draw = GaussianTurn(warmup=1, clip=clip), np.random.default_rng(0)
        notes = [[{"turns": 1.0}, {}]] * 32
        for wild in (0.0, 0.0, 1000.0):
            figures = teach(critic, notes, [*draw.normal(0, 1, 31), wild])
        found.append(figures["deviation"])
    assert found[0] < 10 < 50 < found[1]


def test_impossible_options_are_refused():
    with pytest.raises(ConfigError, match="heads"):
        create(CRITICS, "gaussian_turn", {"heads": 0})
    with pytest.raises(ConfigError, match="clip"):
        create(CRITICS, "gaussian_turn", {"clip": 0})
