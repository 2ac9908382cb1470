"""Estimates over tasks: episodes of one task are not independent, so that tasks are the sample.

A mean between bounds has Wilson's 95 % interval at the effective number of observations. This is
the number of independent observations of a share that would vary as much as the observed mean
does over tasks. One episode a task gives Wilson's interval as it is. Several that always agree
count as one.

Source: Wilson, JASA 22 (1927); Korn and Graubard, Survey Methodology 24 (1998), for the effective
number. `docs/decisions/0032-intervals-of-evaluations.md` says why.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

__all__ = ["Estimate", "estimate"]

_Z = 1.959963984540054
"""Quantile of the normal distribution for 95 %, two-sided."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over tasks with its 95 % interval.

    Attributes:
        mean: of the means of the tasks.
        interval: within the bounds of the values; None if these are not finite.
        tasks: how many there are.
    """

    mean: float
    interval: tuple[float, float] | None
    tasks: int


def estimate(
    means: Sequence[float], independent: float = math.inf, bounds: tuple[float, float] = (0.0, 1.0)
) -> Estimate:
    """The mean of the tasks' means.

    Args:
        means: one a task, within `bounds`; at least one.
        independent: of shares, the most independent observations that they can hold, at least one
            a task: the number of episodes, say.
        bounds: the least and the greatest value that a task can have.
    """
    mean, tasks, (low, high) = fmean(means), len(means), bounds
    width = high - low
    if not (math.isfinite(width) and width > 0):
        return Estimate(mean, None, tasks)
    share, effective = (mean - low) / width, float(tasks)
    spread = share * (1 - share)
    if tasks > 1 and spread > 0:
        over_tasks = pvariance(means) / width**2
        effective = min(independent, tasks * spread / over_tasks if over_tasks > 0 else math.inf)
    left, right = _wilson(share, effective)
    return Estimate(mean, (low + width * left, low + width * right), tasks)


def _wilson(share: float, count: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share among `count` observations, which need not be whole."""
    scale = 1 + _Z**2 / count
    middle = (share + _Z**2 / (2 * count)) / scale
    half = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2)) / scale
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
