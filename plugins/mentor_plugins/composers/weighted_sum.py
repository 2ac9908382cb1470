"""WeightedSum: the terms' scores, added up by their weights."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mentor_core.contracts.reward import Composed, Scores
from mentor_plugins.composers.mean import Missing, weighted_rewards
from mentor_plugins.composers.weighted import Weighted

__all__ = ["WeightedSum"]


class WeightedSum(Weighted):
    """Reward Σ w·s / Σ |w| over the terms; terms of weight 0 are scored but do not count.

    A turn's reward is the same over the terms that score that turn (NaN if none does).
    """

    normalise: bool = Field(
        True, description="divide by Σ |w|, so that the reward keeps the range of the terms"
    )
    missing: Missing = Field(
        "unscored",
        description="for a trajectory that a term does not score: unscored: no reward; "
        "renormalise: the other terms take over the term's weight in proportion",
    )

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        weights_K = self.weights_at(training_progress, scores)
        scale = 1.0 if self.normalise else float(np.abs(weights_K).sum())
        return weighted_rewards(scores, weights_K, self.missing, scale)
