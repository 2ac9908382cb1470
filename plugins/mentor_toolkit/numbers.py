"""Numbers in texts, and numbers that count as equal."""

from __future__ import annotations

import math
import re

__all__ = ["close", "numbers_in"]

_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")


def numbers_in(text: str) -> list[float]:
    """The numbers of a text, in their order; commas group digits. A number too large is ∞."""
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]


def close(left: float, right: float, tolerance: float) -> bool:
    """True if two numbers are equal within a relative tolerance."""
    if left == right:
        return True
    try:
        return math.isclose(left, right, rel_tol=tolerance)
    except OverflowError:  # an integer beyond the floats
        return False
