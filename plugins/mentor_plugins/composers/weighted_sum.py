"""WeightedSum: the terms' scores, added up by their weights."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from mentor_core.reward import Composed, Composer, Scores
from mentor_plugins.composers.mean import scored_mean

__all__ = ["WeightedSum"]


class WeightedSum(Composer):
    """Reward Σ w·s / Σ |w| over the terms; terms of weight 0 are scored but do not count.

    A turn's reward is the same over the terms that score that turn (NaN if none does).
    """

    normalise: bool = Field(
        True, description="divide by Σ |w|, so that the reward keeps the range of the terms"
    )
    missing: Literal["unscored", "renormalise"] = Field(
        "unscored",
        description="where a term does not score a trajectory, unscored: no reward either; "
        "renormalise: the other terms take over its weight in proportion to theirs",
    )

    def compose(self, scores: Scores, progress: float) -> Composed:
        weights_K = scores.weights_K
        scale = 1.0 if self.normalise else float(np.abs(weights_K).sum())
        rewards_B = scale * scored_mean(scores.values_BK, weights_K)
        if self.missing == "unscored":
            rewards_B[np.isnan(scores.values_BK[:, weights_K != 0]).any(axis=1)] = np.nan
        turns_N = [scale * scored_mean(values_NK, weights_K) for values_NK in scores.turns_NK]
        return Composed(rewards_B, turns_N)
