"""Normalised: every term in units of its own spread, so that weights mean what they say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.credit import group_means
from mentor_core.reward import Composed, Floats, Scores
from mentor_plugins.composers.weighted import Weighted

__all__ = ["Normalised"]


class Normalised(Weighted):
    """Reward Σ w·(m + (s - g) / d), each term in units of its own spread.

    s is the term's score, g its mean over the group, m its mean over the batch, and d the
    standard deviation of s - g over the batch (unbiased). So the advantage, reward less the
    mean of the group, is exactly Σ w·(s - g) / d: the weights are shares of the signal, however
    the terms are scaled. A term that does not score a trajectory, or whose spread is not above
    `least_spread`, adds nothing to it; Σ w·m is the same for all and only keeps the mean reward
    readable.

    The credit should not divide by a spread again: `credit_options.scale = "none"`. A turn's
    reward is made in the same way of the terms' scores of turns.

    Source: GRPO's normalisation (arXiv 2402.03300) term by term, as SLIM does it.
    """

    least_spread: float = Field(
        1e-6, ge=1e-12, description="a term whose spread is not above this adds nothing"
    )

    def compose(self, scores: Scores, progress: float) -> Composed:
        weights_K = self.weights_at(progress, scores)
        lengths = [len(turns_NK) for turns_NK in scores.turns_NK]
        flat_MK = np.concatenate([*scores.turns_NK, np.empty((0, len(scores.terms)))])
        turns_M = self._normalise(flat_MK, np.repeat(scores.groups_B, lengths), weights_K)
        return Composed(
            self._normalise(scores.values_BK, scores.groups_B, weights_K),
            np.split(turns_M, np.cumsum(lengths)[:-1]),
        )

    def _normalise(
        self, values_MK: Floats, groups_M: npt.NDArray[np.int64], weights_K: Floats
    ) -> Floats:
        rewards_M = np.zeros(len(values_MK))
        counts_K = weights_K != 0
        for values_M, weight in zip(values_MK.T[counts_K], weights_K[counts_K], strict=True):
            scored_M = ~np.isnan(values_M)
            if not scored_M.any():
                continue
            rewards_M += weight * values_M[scored_M].mean()
            if scored_M.sum() > 1:
                differences_M = values_M - group_means(values_M, groups_M)
                spread = differences_M[scored_M].std(ddof=1)
                if spread > self.least_spread:
                    rewards_M += weight * np.nan_to_num(differences_M) / spread
        rewards_M[np.isnan(values_MK[:, counts_K]).all(axis=1)] = np.nan
        return rewards_M
