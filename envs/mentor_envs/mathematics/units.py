"""Units: the words that may follow a number without changing it.

A word that is not listed is no unit: "72 dozens", "5 thousands" and "72 is wrong" are no numbers. A
line lists the names of one unit, in the singular; a plural is the same. The units are measures,
currencies, and things that problems count. They include the `REMOVED_EXPRESSIONS` of Lewkowycz et
al. 2022, arXiv 2206.14858, which evaluations of MATH leave out.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

__all__ = ["CURRENCY", "FACTORS", "NO_UNIT", "Unit", "read_unit"]

_CURRENCIES = """
dollar $ usd aud cad nzd hkd sgd buck
cent ¢ penny pence
euro € eur
pound-sterling £ gbp quid
yen ¥ jpy
yuan cny rmb
rupee ₹ inr rs
franc chf
won ₩ krw
ruble rouble ₽ rub
lira ₺
shekel ₪
dong ₫
hryvnia ₴
naira ₦
peso ₱
baht ฿
"""
_MEASURES = """
meter metre m
kilometer kilometre km
decimeter decimetre dm
centimeter centimetre cm
millimeter millimetre mm
micrometer micrometre
mile mi
yard yd
foot feet ft
inch in
hectare ha
acre
liter litre l
milliliter millilitre ml
gallon gal
quart qt
pint pt
cup
tablespoon tbsp
teaspoon tsp
gram g gm
kilogram kg kilo
milligram mg
tonne ton
ounce oz
pound lb
second sec s
millisecond ms
minute min
hour hr h
day
week wk
month
year yr
degree deg
radian rad
celsius
fahrenheit
kelvin
newton
joule
kilojoule kj
calorie cal
kilocalorie kcal
watt
kilowatt kw
volt
amp ampere
ohm
hertz hz
pascal
mole mol
bit
byte
kilobyte kb
megabyte mb
gigabyte gb
"""
_THINGS = """
animal apple apricot bag ball balloon banana bar barrel basket bead bean bear bee berry bicycle bike
bird block boat book bottle bowl box boy bracelet branch brick brother brownie bucket building bus
button cab cake camera candle candy car card carrot cat chair cherry chicken child children chip
chocolate class clip coin color colour computer cookie corner couch cow crayon customer cube
cupcake diamond digit doctor dog doll donut door doughnut dress duck edge egg elephant employee
eraser face factor fan farmer fish flower fork friend frog fruit game gift girl glass goat
grape guest hat hen horse house integer item jar joke juice kitten lamp leaf lemon lesson letter
light line lion lollipop machine man men marble meal member monkey muffin mushroom
nail notebook number nurse object onion orange page painting pancake paper parrot
passenger patient peach pear pen pencil people person pet phone photo picture pie pig pill pillow
pizza plane plant plate player plum potato present prize problem puppy puzzle question
rabbit rectangle ribbon ring room root rose row runner sandwich seashell seat seed sheep sheet shell
ship shirt shoe shop side sister sock soldier solution song spoon stamp star step sticker stone
strawberry student subject teacher team tent ticket tile tomato tool toy train tree triangle truck
turtle unit vase vegetable vehicle vertex vertices visitor wagon watch way wheel window woman women
word worker zebra
"""
_EXPANDED = {"mph": "mile/hour", "kmh": "km/h", "kph": "km/h", "kmph": "km/h"}
_DEGREES = {"c": "celsius", "f": "fahrenheit"}
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}

CURRENCY = r"(?:(?:US|AU?|CA?|NZ|HK|SG?|NT|MX|R)?\$|[€£¥₹₩₽₺₪₫₴₦₱฿¢])"
_FACTOR = rf"""\s*(?:(?:/|per(?![A-Za-z])|\*|\\cdot(?![A-Za-z]))\s*)?
    (?:(?:square|sq|cubic|cu)(?![A-Za-z])\.?\s*)?(?:[A-Za-z]+(?![A-Za-z])|{CURRENCY})\.?
    (?:\s*\^\s*(?:\{{\s*-?[1-4]\s*\}}|-?[1-4])|[23](?![0-9])|\s+(?:squared|cubed)(?![A-Za-z]))?"""
FACTORS = rf"(?:{_FACTOR}){{1,4}}"
"""Pattern, with `re.VERBOSE`, of text that may be a unit."""

_PARTS = re.compile(
    rf"""\s*(?P<sign>/|per(?![A-Za-z])|\*|\\cdot)?\s*
    (?:(?P<before>square|sq|cubic|cu)(?![A-Za-z])\.?\s*)?(?P<name>[A-Za-z]+|{CURRENCY})\.?
    (?:\s*\^\s*\{{?\s*(?P<exponent>-?[1-4])\s*\}}?|(?P<digit>[23])
    |\s+(?P<after>squared|cubed)(?![A-Za-z]))?""",
    re.VERBOSE | re.IGNORECASE,
)


class Unit(NamedTuple):
    """A unit.

    Attributes:
        currency: the money, "" without one.
        powers: the other units, as pairs of a unit and its power, which is not 0.
    """

    currency: str
    powers: frozenset[tuple[str, int]]

    def fits(self, other: Unit) -> bool:
        """True if the two can be units of equal values; a missing unit fits any."""
        same_money = not (self.currency and other.currency) or self.currency == other.currency
        return same_money and (not (self.powers and other.powers) or self.powers == other.powers)


NO_UNIT = Unit("", frozenset())


def _table(text: str) -> dict[str, str]:
    return {name: line.split()[0] for line in text.strip().split("\n") for name in line.split()}


_MONEY = _table(_CURRENCIES)
_UNITS = _table(_MEASURES) | {name: name for name in _THINGS.split()} | {"points": "points"}


def read_unit(text: str, before: str = "") -> Unit | None:
    r"""The unit that a text writes; None if one of its words is no unit.

    Args:
        text: the text after a number, as written.
        before: the sign of a currency before the number.

    >>> read_unit(" km/h") == read_unit(" kilometers per hour"), read_unit(" dozens")
    (True, None)
    """
    code = before.casefold().rstrip(".")
    currency = _MONEY.get(code, _MONEY.get(code[-1:], ""))
    powers = Counter[str]()
    text = re.sub(r"[A-Za-z]+", lambda word: _EXPANDED.get(word[0].lower(), word[0]), text)
    end, last = 0, ""
    while end < len(text):
        part = _PARTS.match(text, end)
        if part is None:
            return None
        end = part.end()
        name = part["name"].casefold()
        money = _look_up(name[-1:] if name.endswith("$") else name, _MONEY)
        if last == "degree":
            name = _DEGREES.get(name, name)
        if len(name) == 1 and name != "l" and part["name"] != name:
            return None  # 72 M may be millions
        unit = _look_up(name, _UNITS)
        exponent = int(part["exponent"] or part["digit"] or 1)
        exponent *= _POWERS.get((part["before"] or part["after"] or "").casefold(), 1)
        per = (part["sign"] or "").casefold() in ("/", "per")
        if len(name) == 1 and exponent != 1 and part.start() == 0 and not text[0].isspace():
            return None  # 3m^2 is a polynomial
        if money and not per and exponent == 1:
            if currency not in ("", money):
                return None
            currency = money
        elif unit or money:
            if last == "degree" and unit in _DEGREES.values():
                del powers["degree"]  # degrees Celsius
            powers[unit or money] += -exponent if per else exponent
        else:
            return None
        last = unit
    return Unit(currency, frozenset((name, power) for name, power in powers.items() if power))


def _look_up(word: str, table: dict[str, str]) -> str:
    """The table's name for a word or its singular; "" if there is none."""
    words = [word]
    if len(word) > 3 and word.endswith("s"):
        words += [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]]
        words += [f"{word[:-3]}y"] if word.endswith("ies") else []
        words += [f"{word[:-3]}f"] if word.endswith("ves") else []
    return next((table[each] for each in words if each in table), "")
