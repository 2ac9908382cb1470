"""Normalised: every term in units of its own std, so that weights are shares of the signal."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mentor_core.contracts.reward import Composed, Floats, Scores
from mentor_plugins.composers.weighted import Weighted
from mentor_toolkit.group_means import group_means

__all__ = ["Normalised"]


class Normalised(Weighted):
    """Reward Σ w·(m + (s - g) / d), each term in units of its own std.

    s is the term's score, g its mean over the group and m its mean over the batch. d is the
    standard deviation of s - g over the batch (unbiased). The advantage, reward less the mean of
    the group, is exactly Σ w·(s - g) / d. So the weights are shares of the signal, however the
    terms are scaled. A term adds nothing to a trajectory that it does not score, or if d is not
    above `min_std`. Σ w·m is the same for all trajectories, and only keeps the mean reward
    readable.

    The credit should not divide by a std again: `credit_options.scale = "none"`. A turn's reward is
    in the same units: Σ w·s / d, with s the turn's addition to the term.

    Source: GRPO's normalisation (arXiv 2402.03300) term by term, as SLIM does it.
    """

    min_std: float = Field(
        1e-6, ge=1e-12, description="a term whose std is not above this adds nothing"
    )

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        weights_K = self.weights_at(training_progress, scores)
        counts_K = weights_K != 0
        rewards_B = np.zeros(len(scores.values_BK))
        units_K = np.zeros(len(weights_K))
        for k in np.flatnonzero(counts_K).tolist():
            values_B = scores.values_BK[:, k]
            scored_B = ~np.isnan(values_B)
            if not scored_B.any():
                continue
            rewards_B += weights_K[k] * values_B[scored_B].mean()
            if scored_B.sum() > 1:
                differences_B = values_B - group_means(values_B, scores.groups_B)
                std = differences_B[scored_B].std(ddof=1)
                if std > self.min_std:
                    units_K[k] = weights_K[k] / std
                    rewards_B += units_K[k] * np.nan_to_num(differences_B)
        rewards_B[np.isnan(scores.values_BK[:, counts_K]).all(axis=1)] = np.nan
        return Composed(
            rewards_B, [_added(turns[:, counts_K], units_K[counts_K]) for turns in scores.turns_NK]
        )


def _added(turns_NK: Floats, units_K: Floats) -> Floats:
    added_N = np.nan_to_num(turns_NK) @ units_K
    added_N[np.isnan(turns_NK).all(axis=1)] = np.nan
    return added_N
