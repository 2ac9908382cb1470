"""95 % intervals of the page's figures; None if the data cannot give one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mentor_runs.evaluation.intervals import estimate

__all__ = ["Interval", "of_mean", "over_tasks"]

Interval = tuple[float, float] | None


def over_tasks(means: Sequence[float]) -> Interval:
    """The interval of a mean over tasks, as in evaluations; None for fewer than two tasks.

    Args:
        means: one mean for each task. Shares and scores in [0, 1] have the interval of
            `mentor_runs.evaluation.intervals`, and other values have Student's.
    """
    if len(means) < 2:
        return None
    if all(0 <= mean <= 1 for mean in means):
        return estimate(means).interval
    return of_mean(means)


def of_mean(values: Sequence[float]) -> Interval:
    """Student's t-interval of the mean; None for fewer than two values.

    If all values are the same, the interval has no width, as the values show no uncertainty of the
    mean.
    """
    from scipy.stats import t

    count = len(values)
    if count < 2:
        return None
    mean = sum(values) / count
    variance = sum((value - mean) ** 2 for value in values) / (count - 1)
    half = float(t.ppf(0.975, count - 1)) * math.sqrt(variance / count)
    return mean - half, mean + half
