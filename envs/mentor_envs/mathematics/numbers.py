"""Numbers: a number in any usual notation, with its unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from mentor_envs.mathematics.arithmetic import evaluate
from mentor_envs.mathematics.units import CURRENCY, FACTORS, NO_UNIT, Unit, read_unit

__all__ = ["MAX_LENGTH", "Number", "read_number"]

MAX_LENGTH = 200
"""Most characters of a number; longer texts are compared as text only."""

_TOLERANCE = Fraction(1, 10**6)

_CODE = r"(?:USD|EUR|GBP|JPY|CNY|RMB|INR|CHF|AUD|CAD|Rs\.?)"
_MIXED = r"(?P<whole>[0-9]{1,30})\s+(?P<over>[0-9]{1,30})\s*/\s*(?P<under>[0-9]{1,30})"
_PLAIN = r"""(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)
    (?P<power>[eE][-+]?[0-9]{1,3})?(?:\s*/\s*(?P<divisor>[0-9]+))?"""
_NUMBER = re.compile(
    rf"""(?P<sign>[-+]?)\s*(?P<money>{CURRENCY}|{_CODE})?\s*(?P<second>[-+]?)\s*
    (?:{_MIXED}|{_PLAIN}|(?P<expression>.*?(?:[0-9)}}]|\\pi)))
    (?:\s*(?P<percent>\\?%|percent|per\ cent)|(?P<unit>{FACTORS}))?""",
    re.VERBOSE,
)
_BRACKETS = re.compile(r"\(([^(),]*)\)")
_FRACTION = re.compile(r"\\frac\s*\{\s*([0-9]{1,30})\s*\}\s*\{\s*([0-9]{1,30})\s*\}")


@dataclass(frozen=True, slots=True)
class Number:
    """A value with its unit.

    Attributes:
        percent: true if `value` is a percentage.
        unit: `NO_UNIT` without one.
        computed: true if the number was written as an expression.
    """

    value: Fraction
    percent: bool = False
    unit: Unit = NO_UNIT
    computed: bool = False

    def equals(self, gold: Number) -> bool:
        """True if the two differ by at most 1e-6·min(1, |gold|), and not in their units.

        A percentage and a plain number are equal if the number is the percentage or its hundredth.
        """
        if not self.unit.fits(gold.unit):
            return False
        if self.percent == gold.percent:
            return _close(self.value, gold.value)
        return any(
            _close(one, other)
            for one in {self.value, self.value / 100 if self.percent else self.value}
            for other in {gold.value, gold.value / 100 if gold.percent else gold.value}
        )


def read_number(text: str) -> Number | None:
    r"""The number that a text without typesetting writes; None if the text is no number.

    A number may have a sign, and a currency before or after it, with the sign on either side. It
    may have thousands separators, an exponent, and `%` or a unit. It may be a fraction, a mixed
    number (1 1/2 is 1.5), or an expression of numbers (`arithmetic`). Brackets around the whole
    text do not mean a minus sign.

    >>> read_number("US$-1,234.50") == read_number("-1234.5 dollars"), read_number("72 dozens")
    (True, None)
    """
    if len(text) > MAX_LENGTH:
        return None
    if inside := _BRACKETS.fullmatch(text):
        text = inside[1]
    plain = _FRACTION.sub(r" \1/\2 ", text, count=1).strip() if r"\frac" in text else text
    for written in dict.fromkeys((plain, text)):
        match = _NUMBER.fullmatch(written)
        value = _value(match) if match else None
        unit = _unit(match) if match and value is not None else None
        if match and value is not None and unit is not None:
            return Number(value, bool(match["percent"]), unit, bool(match["expression"]))
    return None


def _value(match: re.Match[str]) -> Fraction | None:
    if match["sign"] and match["second"]:
        return None
    negative = "-" in (match["sign"], match["second"])
    if match["expression"]:
        if match["percent"]:
            return None
        expression = match["expression"] if not match["money"] else f"({match['expression']})"
        found = evaluate(("-" if negative else "") + expression)
        return None if found is None else Fraction(found)
    if match["whole"]:
        if int(match["over"]) >= int(match["under"]):
            return None
        value = int(match["whole"]) + Fraction(int(match["over"]), int(match["under"]))
    else:
        digits = match["number"].replace(",", "") + (match["power"] or "")
        divisor = int(match["divisor"] or 1)
        if divisor == 0:
            return None
        value = Fraction(int(digits) if digits.isdecimal() else digits) / divisor
    return -value if negative else value


def _unit(match: re.Match[str]) -> Unit | None:
    return read_unit(match["unit"] or "", match["money"] or "")


def _close(value: Fraction, gold: Fraction) -> bool:
    return value == gold or abs(value - gold) <= _TOLERANCE * min(Fraction(1), abs(gold))
