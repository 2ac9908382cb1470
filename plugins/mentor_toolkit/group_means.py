"""Means over the groups of a batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.reward import Floats

__all__ = ["group_means"]


def group_means(values_B: Floats, groups_B: npt.NDArray[np.int64]) -> Floats:
    """For each entry the mean over its group, [B]; entries that are NaN do not count."""
    means_B = np.full_like(values_B, np.nan)
    for group in np.unique(groups_B):
        members = groups_B == group
        scored = values_B[members & ~np.isnan(values_B)]
        if scored.size:
            means_B[members] = scored.mean()
    return means_B
