"""95 % intervals of what the page shows; None if the data cannot give one."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["Interval", "of_mean", "of_share"]

Interval = tuple[float, float] | None


def of_mean(values: Sequence[float]) -> Interval:
    """Student's t-interval of the mean; None for fewer than two values.

    If all values are the same, the interval has no width: the values do not say how far off the
    mean could be.
    """
    from scipy.stats import t

    count = len(values)
    if count < 2:
        return None
    mean = sum(values) / count
    variance = sum((value - mean) ** 2 for value in values) / (count - 1)
    half = float(t.ppf(0.975, count - 1)) * math.sqrt(variance / count)
    return mean - half, mean + half


def of_share(successes: int, count: int) -> Interval:
    """Wilson's interval of a share in [0, 1]; None for no trials."""
    from scipy.stats import binomtest

    if not count:
        return None
    found = binomtest(successes, count).proportion_ci(0.95, "wilson")
    return float(found.low), float(found.high)
