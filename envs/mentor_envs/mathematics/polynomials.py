r"""Polynomials: exact and quick comparison of two quotients of polynomials.

Coefficients are fractions, letters are independent variables. p/q and r/s are the same if p·s and
r·q are, term by term. Other expressions are not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from mentor_envs.mathematics.expressions import Expression

__all__ = ["equal_quotients"]

_MOST_TERMS = 300  # of a product, before like terms are collected
_MOST_POWER = 20

_Monomial = tuple[tuple[str, int], ...]
"""Letters with their exponents, in the order of the letters; () is the constant."""


def equal_quotients(given: str, wanted: str) -> bool | None:
    r"""True if two LaTeX expressions are the same quotient of polynomials.

    Returns:
        None if one is no such quotient, or has a large power. Also None if they differ and one has
        decimals, which may be rounded.

    >>> equal_quotients("(x+1)^2", r"1 + 2x + x^2"), equal_quotients("x", r"\frac{1}{x}")
    (True, False)
    """
    try:
        first, second = _Quotients(given).value(), _Quotients(wanted).value()
        equal = first.over * second.under == second.over * first.under
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return None if not equal and "." in given + wanted else equal


class _Terms(dict[_Monomial, Fraction]):
    """A polynomial: monomial → coefficient, none of them 0."""

    def __add__(self, other: _Terms) -> _Terms:
        total = _Terms(self)
        for monomial, coefficient in other.items():
            total[monomial] = total.get(monomial, Fraction(0)) + coefficient
        return _Terms({monomial: c for monomial, c in total.items() if c})

    def __mul__(self, other: _Terms) -> _Terms:
        if len(self) * len(other) > _MOST_TERMS:
            raise ValueError("too many terms")
        total: dict[_Monomial, Fraction] = {}
        for one, a in self.items():
            for two, b in other.items():
                powers = dict(one)
                for letter, power in two:
                    powers[letter] = powers.get(letter, 0) + power
                monomial = tuple(sorted(powers.items()))
                total[monomial] = total.get(monomial, Fraction(0)) + a * b
        return _Terms({monomial: c for monomial, c in total.items() if c})


_ONE = _Terms({(): Fraction(1)})


@dataclass(frozen=True, slots=True)
class _Quotient:
    over: _Terms
    under: _Terms

    def __add__(self, other: _Quotient) -> _Quotient:
        if self.under == other.under:
            return _Quotient(self.over + other.over, self.under)
        over = self.over * other.under + other.over * self.under
        return _Quotient(over, self.under * other.under)

    def __mul__(self, other: _Quotient) -> _Quotient:
        return _Quotient(self.over * other.over, self.under * other.under)

    def __truediv__(self, other: _Quotient) -> _Quotient:
        if not other.over:
            raise ZeroDivisionError
        return _Quotient(self.over * other.under, self.under * other.over)

    def __neg__(self) -> _Quotient:
        return _Quotient(_Terms({monomial: -c for monomial, c in self.over.items()}), self.under)


class _Quotients(Expression[_Quotient]):
    def number(self, text: str) -> _Quotient:
        value = Fraction(text)
        return _Quotient(_Terms({(): value} if value else {}), _ONE)

    def symbol(self, name: str) -> _Quotient:
        if name in (r"\pi", "e", "i", "E", "I"):  # constants, or read as such by some
            raise ValueError(name)
        return _Quotient(_Terms({((name, 1),): Fraction(1)}), _ONE)

    def root(self, value: _Quotient) -> _Quotient:
        raise ValueError("a root is not a quotient of polynomials")

    def power(self, base: _Quotient, exponent: _Quotient) -> _Quotient:
        times = exponent.over.get((), Fraction(0))
        if exponent != self.number(str(times)) or times.denominator != 1:
            raise ValueError("the exponent is not an integer")
        if abs(times) > _MOST_POWER or (times <= 0 and not base.over):
            raise ValueError("the power is large, or has no value")
        value = whole = _Quotient(_ONE, _ONE)
        for _ in range(abs(int(times))):
            value = value * base
        return value if times >= 0 else whole / value
