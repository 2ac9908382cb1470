"""OutcomeGated: the outcome first; the other terms count fully only if the outcome is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from mentor_core.contracts.reward import Composed, Floats, RewardTerm, Scores
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.mean import scored_mean
from mentor_plugins.composers.weighted import Weighted

__all__ = ["OutcomeGated"]

_OUTCOME = "outcome"


class OutcomeGated(Weighted):
    """Reward w·o + (1 - w)·gate·s, in [0, 1].

    o is the outcome and w its share of all weights. s, the shaping, is the weighted mean of the
    other terms. The gate is 1 if o ≥ `threshold` (the trajectory is right), else `wrong_share`.

    Guarantee: shaping cannot outweigh being right. With terms in [0, 1], a trajectory of outcome 0
    gets at most wrong_share·(1 - w), and a right one at least w·threshold. Settings are refused if
    the first exceeds the second. If two trajectories have the same shaping, the better outcome
    never gets less.

    A shaping term that does not score a trajectory leaves its weight to the other shaping terms, in
    proportion to theirs. s is 0 if no shaping term scores the trajectory. Without an outcome there
    is no reward. A turn's reward is gate·s over the terms that score that turn.
    """

    requires: ClassVar[tuple[str, ...]] = (_OUTCOME,)

    threshold: float = Field(
        1.0, gt=0, le=1, description="outcome from which a trajectory counts as right"
    )
    wrong_share: float = Field(
        0.2, ge=0, lt=1, description="share of the shaping that a wrong trajectory keeps"
    )

    def check(self, terms: Mapping[str, RewardTerm], weights: Mapping[str, float]) -> None:
        for name, term in terms.items():
            low, high = term.bounds
            counts = weights[name] != 0 or name in self.schedule
            if counts and (low < 0 or high > 1):
                raise ConfigError(
                    f"outcome_gated needs terms in [0, 1]; {name!r} is in [{low}, {high}]"
                )
        super().check(terms, weights)

    def check_weights(self, terms: tuple[str, ...], weights_K: Floats) -> None:
        self._outcome_share(terms, weights_K)

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        outcome_B = scores.column(_OUTCOME)
        weights_K = self.weights_at(training_progress, scores)
        share = self._outcome_share(scores.terms, weights_K)
        weights_K[scores.terms.index(_OUTCOME)] = 0.0
        gate_B = np.where(outcome_B >= self.threshold, 1.0, self.wrong_share)
        gate_B[np.isnan(outcome_B)] = np.nan
        shaping_B = np.nan_to_num(scored_mean(scores.values_BK, weights_K))
        return Composed(
            share * outcome_B + (1 - share) * gate_B * shaping_B,
            [
                gate * scored_mean(values_NK, weights_K)
                for gate, values_NK in zip(gate_B, scores.turns_NK, strict=True)
            ],
        )

    def _outcome_share(self, terms: tuple[str, ...], weights_K: Floats) -> float:
        """The outcome's share of the weights.

        Raises:
            ConfigError: a weight is negative, or the guarantee does not hold.
        """
        for name, weight in zip(terms, weights_K, strict=True):
            if weight < 0:
                raise ConfigError(f"outcome_gated: the weight of {name!r} is negative ({weight})")
        share = float(weights_K[terms.index(_OUTCOME)] / weights_K.sum())
        wrong, right = self.wrong_share * (1 - share), share * self.threshold
        if wrong > right:
            raise ConfigError(
                f"outcome_gated: with these weights a wrong trajectory could get {wrong:.3g} and "
                f"a right one {right:.3g}; raise the weight of {_OUTCOME!r} or lower wrong_share"
            )
        return share
