"""Divisors of advantages."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.reward import Floats

__all__ = ["EPSILON", "Scale", "divisors"]

Scale = Literal["batch", "group", "none"]
EPSILON = 1e-4
"""Added to every standard deviation, as TRL does."""


def divisors(rewards_B: Floats, groups_B: npt.NDArray[np.int64], scale: Scale) -> Floats:
    """The divisor of each trajectory's advantage, [B], positive.

    batch and group: the standard deviation (unbiased, over the scored rewards) of the whole
    batch or of the trajectory's group, plus `EPSILON`; none: 1.
    """
    if scale == "none":
        return np.ones_like(rewards_B)
    if scale == "batch":
        return np.full_like(rewards_B, _deviation(rewards_B) + EPSILON)
    divisors_B = np.ones_like(rewards_B)
    for group in np.unique(groups_B):
        divisors_B[groups_B == group] = _deviation(rewards_B[groups_B == group]) + EPSILON
    return divisors_B


def _deviation(rewards: Floats) -> float:
    scored = rewards[~np.isnan(rewards)]
    return float(scored.std(ddof=1)) if scored.size > 1 else 0.0
