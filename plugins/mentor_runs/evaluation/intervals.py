"""Estimates over tasks. Episodes of one task are not independent, so the tasks are the sample.

A mean between bounds has Wilson's 95 % interval at the effective number of observations. A share of
that many independent observations would vary as much as the observed mean varies over tasks. With
one episode a task, the interval is Wilson's unchanged. Several episodes that always agree count as
one.

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
        mean: mean of the tasks' means.
        interval: lower and upper end, within the bounds of the values; None if the bounds are not
            finite.
        tasks: number of tasks.
    """

    mean: float
    interval: tuple[float, float] | None
    tasks: int


def estimate(
    means: Sequence[float], independent: float = math.inf, bounds: tuple[float, float] = (0.0, 1.0)
) -> Estimate:
    """The mean of the tasks' means.

    Args:
        means: one mean for each task, within `bounds`; at least one.
        independent: for shares, the largest possible number of independent observations, such as
            the number of episodes; at least one a task.
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
