"""Constrained: a term with a floor weighs more until its mean reaches the floor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.reward import Composed, Floats, RewardTerm, Scores
from mentor_core.support.errors import ConfigError, nearest
from mentor_plugins.composers.mean import Missing, weighted_rewards
from mentor_plugins.composers.weighted import Weighted

__all__ = ["Constrained"]


class Constrained(Weighted):
    """Reward Σ (w + λ)·s / Σ |w + λ|: the Lagrangian of "most Σ w·s with mean s ≥ floor".

    Each term with a floor has a multiplier λ ≥ 0 beside its weight (which may be 0). After each
    batch λ grows by rate·(floor - mean of the term over the batch), within 0 and `most`. So λ falls
    while the mean is above the floor. λ·floor, the same for all, is left out, as a constant changes
    no advantage. The division keeps the reward's scale while multipliers grow.

    The multipliers are saved with each checkpoint. A batch without a score of the term leaves the
    term's multiplier unchanged.

    Source: Lagrangian methods for constrained policy optimisation (RCPO, arXiv 1805.11074).
    """

    floors: dict[str, float] = Field(
        min_length=1, description="term → floor of its mean over a batch"
    )
    rate: float = Field(0.1, gt=0, allow_inf_nan=False, description="step of the multipliers")
    most: float = Field(10.0, gt=0, allow_inf_nan=False, description="largest multiplier")
    missing: Missing = Field(
        "unscored",
        description="for a trajectory that a term does not score: unscored: no reward; "
        "renormalise: the other terms take over the term's weight in proportion",
    )
    _multipliers: dict[str, float] = PrivateAttr(default_factory=dict)

    def check(self, terms: Mapping[str, RewardTerm], weights: Mapping[str, float]) -> None:
        for name, floor in self.floors.items():
            if name not in terms:
                raise ConfigError(
                    f"floors: {name!r} is not a term of this reward{nearest(name, terms)}"
                )
            low, high = terms[name].bounds
            if not low <= floor <= high:
                raise ConfigError(f"floors: {name!r} is in [{low}, {high}]; its floor is {floor}")
        super().check(terms, weights)

    def check_weights(self, terms: tuple[str, ...], weights_K: Floats) -> None:
        for name, weight in zip(terms, weights_K, strict=True):
            if name in self.floors and weight < 0:
                raise ConfigError(f"constrained: the weight of {name!r} is negative ({weight})")

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        weights_K = self.weights_at(training_progress, scores)
        for name, multiplier in self._multipliers.items():
            weights_K[scores.terms.index(name)] += multiplier
        composed = weighted_rewards(scores, weights_K, self.missing)
        for name, floor in self.floors.items():
            values_B = scores.column(name)
            if not np.isnan(values_B).all():
                step = self.rate * (floor - float(np.nanmean(values_B)))
                old = self._multipliers.get(name, 0.0)
                self._multipliers[name] = min(self.most, max(0.0, old + step))
        return composed

    def state(self) -> dict[str, Any]:
        return {"multipliers": dict(self._multipliers)}

    def restore(self, state: dict[str, Any]) -> None:
        found = state.get("multipliers", {})
        self._multipliers = {name: found[name] for name in self.floors if name in found}
