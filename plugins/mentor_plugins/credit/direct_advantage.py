"""DirectAdvantage: how much likelier each turn should become, for the objective of that name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed, Floats
from mentor_plugins.credit.turn_critic import TurnCritic

__all__ = ["DirectAdvantage"]


class DirectAdvantage(TurnCritic):
    """A/β − log Z for all tokens of a turn, with the advantage A of `turn_critic`.

    Z is the mean of exp(A/β) over the turns of the same number in the episode's group. The number
    is the logarithm of π*/π_old, where π* = π_old·exp(A/β)/Z is the best policy near the last one.
    Without log Z the probabilities would not add up to 1, and the objective would miss π*.

    While the critic has no values, A is the reward less the group's mean.

    Source: Direct Advantage Policy Optimization (arXiv 2412.18279), section 3: a quadratic loss
    that fits log-ratios to scaled advantages, step by step. The soft baseline log Z is mentor's.
    """

    beta: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="small ones move the student further a step"
    )

    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        found = super().assign(composed, groups_B, layouts)
        longest = max((len(layout.spans) for layout in layouts), default=0)
        scaled_BN = np.full((len(layouts), longest), np.nan)
        for b in np.flatnonzero(~np.isnan(composed.rewards_B)).tolist():
            for n, span in enumerate(layouts[b].spans):
                if span is not None:
                    scaled_BN[b, n] = found[b][span[0]] / self.beta
        for group in np.unique(groups_B):
            scaled_BN[groups_B == group] -= _log_mean_exp(scaled_BN[groups_B == group])
        for layout, of_T, scaled_N in zip(layouts, found, scaled_BN, strict=True):
            for span, scaled in zip(layout.spans, scaled_N, strict=False):
                if span is not None:
                    of_T[slice(*span)] = np.nan_to_num(scaled)
        return found


def _log_mean_exp(values_MN: Floats) -> Floats:
    """log of the mean of exp over the known values of each column, [N]; 0 for an empty column."""
    known_MN = ~np.isnan(values_MN)
    largest_N = np.where(known_MN, values_MN, -np.inf).max(axis=0, initial=-np.inf)
    largest_N = np.where(np.isfinite(largest_N), largest_N, 0.0)
    shares_MN = np.where(known_MN, np.exp(np.nan_to_num(values_MN) - largest_N), 0.0)
    counts_N = known_MN.sum(axis=0)
    means_N = np.where(counts_N > 0, shares_MN.sum(axis=0) / np.maximum(counts_N, 1), 1.0)
    found_N: Floats = largest_N + np.log(means_N)
    return found_N
