r"""The grammar of the LaTeX expressions that mentor evaluates itself: those with one reading.

The grammar has numbers, letters, \pi, + - * / ^, \cdot, \times, \div, \frac, \sqrt and brackets,
and products written without a sign, such as 2\sqrt{3} and 2xy. Text that could be read in two ways
is refused: 2^10, 1\frac{1}{2}, 1/2x, x(x+1), two numbers side by side, and lists. A subclass
decides the values of numbers and letters: floats in `arithmetic`, quotients of polynomials in
`polynomials`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Generic, Protocol, Self, TypeVar

__all__ = ["Expression"]

_TOKEN = re.compile(
    r"\s*(\\(?:frac|sqrt|pi|cdot|times|div)(?![A-Za-z])|\d+(?:\.\d+)?|[A-Za-z]|[-+*/^(){}])"
)
_PRODUCTS = {"*", "/", r"\cdot", r"\times", r"\div"}


class _Value(Protocol):
    def __add__(self, other: Self, /) -> Self: ...
    def __mul__(self, other: Self, /) -> Self: ...
    def __truediv__(self, other: Self, /) -> Self: ...
    def __neg__(self) -> Self: ...


V = TypeVar("V", bound=_Value)


class Expression(ABC, Generic[V]):
    """Evaluates one text by recursive descent. Every refusal is a ValueError.

    >>> from mentor_envs.mathematics.arithmetic import Arithmetic
    >>> Arithmetic("2(3 + 4)").value()
    14.0
    """

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        self._at = end = 0
        text = text.strip()
        while end < len(text):
            match = _TOKEN.match(text, end)
            if match is None:
                raise ValueError(text)
            self._tokens.append(match[1])
            end = match.end()
        self._tokens.append("")

    @abstractmethod
    def number(self, text: str) -> V:
        """The value of digits, with or without a decimal point."""

    @abstractmethod
    def symbol(self, name: str) -> V:
        r"""The value of a letter, or of \pi."""

    @abstractmethod
    def root(self, value: V) -> V:
        """The square root."""

    @abstractmethod
    def power(self, base: V, exponent: V) -> V:
        """`base` to the power of `exponent`."""

    def value(self) -> V:
        """The value of the whole text.

        Raises:
            ValueError: the text is not in the grammar, or has more than one reading.
            ArithmeticError: the expression has no value.
        """
        value = self._sum()
        if self._tokens[self._at]:
            raise ValueError(self._tokens[self._at])
        return value

    def _take(self, *wanted: str) -> str:
        token = self._tokens[self._at]
        if wanted and token not in wanted:
            raise ValueError(token)
        self._at += 1
        return token

    def _sum(self) -> V:
        value = self._product()
        while self._tokens[self._at] in ("+", "-"):
            sign = self._take()
            value = value + (self._product() if sign == "+" else -self._product())
        return value

    def _product(self) -> V:
        if self._tokens[self._at] in ("+", "-"):
            return -self._product() if self._take() == "-" else self._product()
        value = self._factor()
        while True:
            token = self._tokens[self._at]
            if token in _PRODUCTS:
                self._take()
                other = self._factor()
                value = value / other if token in ("/", r"\div") else value * other
            elif self._follows(token):
                value = value * self._factor()
            else:
                return value

    def _follows(self, token: str) -> bool:
        """True if `token` begins a factor that is written without a sign before it."""
        before = self._tokens[self._at - 1]
        if not (token.isalpha() or token in ("(", r"\sqrt", r"\pi")) or before == "/":
            return False
        if "/" in self._tokens or (before.isalpha() and token == "("):  # 1/2x and f(x)
            raise ValueError(token)
        return True

    def _factor(self) -> V:
        base = self._atom()
        if self._tokens[self._at] != "^":
            return base
        self._take()
        exponent = self._group() if self._tokens[self._at] == "{" else self._digit()
        if self._tokens[self._at] == "^":
            raise ValueError("^")
        return self.power(base, exponent)

    def _digit(self) -> V:
        token = self._take()
        if len(token) != 1 or not token.isdecimal():
            raise ValueError(token)
        return self.number(token)

    def _group(self) -> V:
        self._take("{")
        value = self._sum()
        self._take("}")
        return value

    def _atom(self) -> V:
        token = self._take()
        if token == r"\frac":
            return self._group() / self._group()
        if token == r"\sqrt":
            return self.root(self._group())
        if token == r"\pi" or token.isalpha():
            return self.symbol(token)
        if token == "(":
            value = self._sum()
            self._take(")")
            return value
        if not token[:1].isdecimal():  # an operator in the wrong place is no number
            raise ValueError(token)
        return self.number(token)
