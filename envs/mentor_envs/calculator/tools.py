"""The calculator's twelve tools: the set used in the MENTOR paper (arXiv 2510.18383).

The tools compute exactly with the decimal numbers that were written. They round the result once, to
12 significant digits, so that 0.1 + 0.2 is 0.3. A calculation without a finite real result is
refused with a ValueError that says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

__all__ = ["FUNCTIONS"]

_DIGITS = 12
_EXACT = 2**53  # whole numbers below it are exact as floats


def add(a: float, b: float) -> float:
    """a + b."""
    return _clean(_exact(a) + _exact(b))


def subtract(a: float, b: float) -> float:
    """a - b."""
    return _clean(_exact(a) - _exact(b))


def multiply(a: float, b: float) -> float:
    """a * b."""
    return _clean(_exact(a) * _exact(b))


def divide(a: float, b: float) -> float:
    """a / b."""
    if b == 0:
        raise ValueError(f"cannot divide {a:g} by zero: b must not be 0")
    return _clean(_exact(a) / _exact(b))


def sum_numbers(numbers: list[float]) -> float:
    """Sum of a list of numbers."""
    return _clean(sum(map(_exact, numbers), Fraction(0)))


def floor(x: float) -> float:
    """Round x down to a whole number."""
    return _clean(Fraction(math.floor(_exact(x))))


def ceil(x: float) -> float:
    """Round x up to a whole number."""
    return _clean(Fraction(math.ceil(_exact(x))))


def round_number(x: float, digits: int = 0) -> float:
    """Round x to a number of decimal digits; -1 rounds to tens. Halves go away from zero."""
    if abs(digits) > _DIGITS:
        raise ValueError(f"digits must be from -{_DIGITS} to {_DIGITS}, not {digits}")
    unit = Fraction(10) ** -digits
    size = math.floor(abs(_exact(x)) / unit + Fraction(1, 2)) * unit
    return _clean(size if x >= 0 else -size)


def power(base: float, exponent: float) -> float:
    """base to the power of exponent."""
    _exact(base), _exact(exponent)
    if base == 0 and exponent < 0:
        raise ValueError("0 has no negative power: it would divide by zero")
    if base < 0 and not float(exponent).is_integer():
        raise ValueError(f"a negative base ({base:g}) needs a whole exponent, not {exponent:g}")
    try:
        return _clean(Fraction(math.pow(base, exponent)))
    except OverflowError:
        raise ValueError(f"{base:g} to the power of {exponent:g} is too large") from None


def sqrt(x: float) -> float:
    """Square root of x."""
    _exact(x)
    if x < 0:
        raise ValueError(f"a negative number ({x:g}) has no real square root")
    return _clean(Fraction(math.sqrt(x)))


def abs_value(x: float) -> float:
    """Absolute value of x: its distance from zero."""
    return _clean(abs(_exact(x)))


def modulo(a: float, b: float) -> float:
    """What is left over when a is divided by b; it has the sign of b."""
    if b == 0:
        raise ValueError(f"cannot divide {a:g} by zero: b must not be 0")
    return _clean(_exact(a) % _exact(b))


FUNCTIONS: dict[str, Callable[..., float]] = {
    function.__name__: function
    for function in (
        add,
        subtract,
        multiply,
        divide,
        sum_numbers,
        floor,
        ceil,
        round_number,
        power,
        sqrt,
        abs_value,
        modulo,
    )
}
"""Name → function; all take and return finite floats."""


def _exact(x: float) -> Fraction:
    """The decimal number that was written, not its binary approximation."""
    if not math.isfinite(x):
        raise ValueError(f"{x} is not a finite number")
    return Fraction(repr(float(x)))


def _clean(x: Fraction) -> float:
    if x.denominator == 1 and abs(x) < _EXACT:
        return float(x)
    try:
        return float(f"{float(x):.{_DIGITS}g}")
    except OverflowError:
        raise ValueError("the result is too large for this calculator") from None
