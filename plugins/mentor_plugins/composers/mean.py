"""Weighted means, which composers share."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mentor_core.contracts.reward import Composed, Floats, Scores

__all__ = ["Missing", "scored_mean", "weighted_rewards"]

Missing = Literal["unscored", "renormalise"]


def scored_mean(values_MK: Floats, weights_K: Floats) -> Floats:
    """Weighted mean Σ w·v / Σ |w| of each row over its scored values, [M].

    Values that are NaN, and columns of weight 0, do not count; rows in which nothing counts are
    NaN.
    """
    counts_MK = ~np.isnan(values_MK) & (weights_K != 0)
    sums_M = np.where(counts_MK, values_MK, 0.0) @ weights_K
    totals_M = counts_MK @ np.abs(weights_K)
    means_M = np.full(len(values_MK), np.nan)
    np.divide(sums_M, totals_M, out=means_M, where=totals_M > 0)
    return means_M


def weighted_rewards(
    scores: Scores, weights_K: Floats, missing: Missing, scale: float = 1.0
) -> Composed:
    """Rewards scale·Σ w·s / Σ |w|, and the same turn by turn over the terms that score the turn.

    Args:
        missing: rule for a trajectory that a term does not score. `unscored`: there is no reward;
            `renormalise`: the other terms take over the term's weight.
    """
    rewards_B = scale * scored_mean(scores.values_BK, weights_K)
    if missing == "unscored":
        rewards_B[np.isnan(scores.values_BK[:, weights_K != 0]).any(axis=1)] = np.nan
    turns_N = [scale * scored_mean(values_NK, weights_K) for values_NK in scores.turns_NK]
    return Composed(rewards_B, turns_N)
