"""Scalars: the numbers that other people's code returns."""

from __future__ import annotations

from typing import Any

__all__ = ["as_float"]


def as_float(value: Any) -> float | None:
    """A value that is a number, as a float; None for all other values.

    Numbers are those of Python (bool, int, float, Decimal, Fraction), numpy's scalars, and arrays
    and tensors without dimensions. Text is no number.

    >>> as_float(True), as_float("1")
    (1.0, None)
    """
    if isinstance(value, str | bytes) or not hasattr(type(value), "__float__"):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, ArithmeticError, RuntimeError):  # an array of several
        return None
