r"""Arithmetic: the value of a LaTeX expression of numbers alone that has only one reading."""

from __future__ import annotations

import math

from mentor_envs.mathematics.expressions import Expression

__all__ = ["Arithmetic", "evaluate"]

_MOST = 1e15  # floats do not tell larger numbers apart


class Arithmetic(Expression[float]):
    """Real numbers, as floats; letters are refused."""

    def number(self, text: str) -> float:
        return float(text)

    def symbol(self, name: str) -> float:
        if name != r"\pi":
            raise ValueError(name)
        return math.pi

    def root(self, value: float) -> float:
        return math.sqrt(value)

    def power(self, base: float, exponent: float) -> float:
        if abs(exponent) > 1000:
            raise ValueError(exponent)
        return math.pow(base, exponent)


def evaluate(text: str) -> float | None:
    r"""The value; None if the expression is refused, or has no finite real value.

    >>> evaluate(r"\frac{1}{2} + 2\sqrt{9}"), evaluate("2^10")
    (6.5, None)
    """
    try:
        value = Arithmetic(text).value()
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return value if math.isfinite(value) and abs(value) <= _MOST else None
