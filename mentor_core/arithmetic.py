r"""Arithmetic: the value of a LaTeX expression of numbers alone, where it has only one reading.

Read are numbers, \pi, + - * / ^, \cdot, \times, \div, \frac, \sqrt, brackets, and products
written without a sign, such as 2\sqrt{3}. Refused is whatever could be read in two ways: 2^10,
1\frac{1}{2}, two numbers side by side, letters, and lists.
"""

from __future__ import annotations

import math
import re

__all__ = ["evaluate"]

_TOKEN = re.compile(r"\s*(\\(?:frac|sqrt|pi|cdot|times|div)(?![A-Za-z])|\d+(?:\.\d+)?|[-+*/^(){}])")
_PRODUCTS = {"*", "/", r"\cdot", r"\times", r"\div"}
_MOST = 1e15  # floats do not tell larger numbers apart


def evaluate(text: str) -> float | None:
    r"""The value; None where the expression is not read, or has no finite real value.

    >>> evaluate(r"\frac{1}{2} + 2\sqrt{9}"), evaluate("2^10")
    (6.5, None)
    """
    try:
        parser = _Parser(text)
        value = parser.sum()
        if parser.tokens[parser.at] or not math.isfinite(value) or abs(value) > _MOST:
            return None
        return value
    except (ValueError, ArithmeticError, RecursionError):
        return None


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.at = end = 0
        text = text.strip()
        while end < len(text):
            match = _TOKEN.match(text, end)
            if match is None:
                raise ValueError(text)
            self.tokens.append(match[1])
            end = match.end()
        self.tokens.append("")

    def take(self, *wanted: str) -> str:
        token = self.tokens[self.at]
        if wanted and token not in wanted:
            raise ValueError(token)
        self.at += 1
        return token

    def sum(self) -> float:
        value = self.product()
        while self.tokens[self.at] in ("+", "-"):
            sign = self.take()
            value += self.product() if sign == "+" else -self.product()
        return value

    def product(self) -> float:
        if self.tokens[self.at] in ("+", "-"):
            return -self.product() if self.take() == "-" else self.product()
        value = self.power()
        while True:
            token = self.tokens[self.at]
            if token in _PRODUCTS:
                self.take()
                other = self.power()
                value = value / other if token in ("/", r"\div") else value * other
            elif token in ("(", r"\sqrt", r"\pi") and self.tokens[self.at - 1] != "/":
                if "/" in self.tokens:  # 1/2\pi
                    raise ValueError(token)
                value *= self.power()
            else:
                return value

    def power(self) -> float:
        base = self.atom()
        if self.tokens[self.at] != "^":
            return base
        self.take()
        exponent = self.group() if self.tokens[self.at] == "{" else self.digit()
        if self.tokens[self.at] == "^" or abs(exponent) > 1000:
            raise ValueError("^")
        return math.pow(base, exponent)

    def digit(self) -> float:
        token = self.take()
        if len(token) != 1 or not token.isdecimal():
            raise ValueError(token)
        return float(token)

    def group(self) -> float:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def atom(self) -> float:
        token = self.take()
        if token == r"\frac":
            return self.group() / self.group()
        if token == r"\sqrt":
            return math.sqrt(self.group())
        if token == r"\pi":
            return math.pi
        if token == "(":
            value = self.sum()
            self.take(")")
            return value
        return float(token)  # an operator in the wrong place is no number
