"""Numbers that count as equal."""

from __future__ import annotations

import math

__all__ = ["close"]


def close(left: float, right: float, tolerance: float) -> bool:
    """True if two numbers are equal within a relative tolerance."""
    if left == right:
        return True
    try:
        return math.isclose(left, right, rel_tol=tolerance)
    except OverflowError:  # an integer beyond the floats
        return False
