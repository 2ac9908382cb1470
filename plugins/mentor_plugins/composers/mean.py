"""What composers share."""

from __future__ import annotations

import numpy as np

from mentor_core.reward import Floats

__all__ = ["scored_mean"]


def scored_mean(values_MK: Floats, weights_K: Floats) -> Floats:
    """Weighted mean Σ w·v / Σ |w| of each row over its scored values, [M].

    Values that are NaN, and columns of weight 0, do not count; rows where nothing counts are
    NaN.
    """
    counts_MK = ~np.isnan(values_MK) & (weights_K != 0)
    sums_M = np.where(counts_MK, values_MK, 0.0) @ weights_K
    totals_M = counts_MK @ np.abs(weights_K)
    means_M = np.full(len(values_MK), np.nan)
    np.divide(sums_M, totals_M, out=means_M, where=totals_M > 0)
    return means_M
