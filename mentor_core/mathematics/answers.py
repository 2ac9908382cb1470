"""Whether two mathematical answers are the same.

The rules, in order; the first that can decide does:

1. The same text, once delimiters, spacing commands and a final period are gone: equal.
2. Two numbers: equal where they differ by at most 1e-6·min(1, |gold|), so integers only where
   they are the same (six decimals is the `float_rounding` of Math-Verify). Thousands
   separators, a currency sign, `x =`, a unit and `%` are read; 50% is 50 and also 0.5; units
   are compared only where both sides have one.
3. Two expressions of numbers alone, with one reading (`arithmetic`), or two tuples or intervals of
   such, in the same brackets: equal where their values are, by the same tolerance.
4. Two quotients of polynomials, with one reading (`polynomials`): equal where they are identically
   so.
5. Anything else that reads as mathematics goes to Math-Verify (`math_verify.parse`, `verify`;
   github.com/huggingface/Math-Verify), which compares expressions, sets, tuples and intervals.

Two precautions go beyond Math-Verify, since here a policy is rewarded for its answer. The whole
answer must be mathematics, never a part of it that was found in text, and it must list as many
values as the gold answer does and be equal along every `=`: "12 or 13", "12, 13" and "13 = 12"
are wrong where 12 is right. And expressions that could take long are refused before they are read:
as an answer such a one is wrong, lest a policy hide behind it; as a gold answer it decides nothing.
Should one slip through, its comparison has a time limit (`algebra`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from mentor_core.mathematics.algebra import Undecided, equal_expressions
from mentor_core.mathematics.arithmetic import evaluate
from mentor_core.mathematics.polynomials import equal_quotients

__all__ = ["MAX_LENGTH", "equal_answers"]

MAX_LENGTH = 200
"""Longer texts, in characters, are compared as text only."""

_TOLERANCE = Fraction(1, 10**6)

_PLAIN = re.compile(r"[0-9A-Za-z.,+/()=% -]*")  # nothing in it typesets
_NUMBER = re.compile(
    r"""(?P<sign>[-+]?)\s*[$€£]?\s*
    (?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)
    (?P<power>[eE][-+]?[0-9]{1,3})?
    (?:\s*/\s*(?P<divisor>[0-9]+))?
    (?:\s*(?P<percent>\\?%|percent)|\s*(?P<unit>[A-Za-z]+(?:[ /][A-Za-z]+){0,3}))?""",
    re.VERBOSE,
)
_FRACTION = re.compile(
    r"^(?P<sign>[-+]?)\\frac\s*\{\s*(?P<over>[0-9]{1,30})\s*\}\s*\{\s*(?P<under>[0-9]{1,30})\s*\}$"
)
# After a number these change its value or offer another one, so they are no unit.
_NOT_UNITS = frozenset(
    [
        "or",
        "and",
        "to",
        "not",
        "vs",
        "versus",
        "maybe",
        "perhaps",
        "minus",
        "plus",
        "times",
        "divided",
        "over",
        "point",
        "half",
        "quarter",
        "dozen",
        "hundred",
        "thousand",
        "million",
        "billion",
        "trillion",
        "squared",
        "cubed",
        "more",
        "less",
        "approximately",
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
    ]
)
_SHORT_UNITS = frozenset("mglsh")

_TUPLE = re.compile(r"([(\[])([^\[\]{}]*,[^\[\]{}]*)([)\]])")
_ASSIGNMENT = re.compile(r"([A-Za-z])\s*=\s*(?=[^=])")
_MATHEMATICS = re.compile(
    r"""(?:\\(?:frac|sqrt|pi|cdot|times|div|infty|cup|cap|leq?|geq?|neq?|sin|cos|tan|log|ln|theta
        |alpha|beta|begin\{pmatrix\}|end\{pmatrix\})(?![A-Za-z])
    |\\[{}\\]|[0-9.,;()\[\]{}+\-*/^<>=& ]
    |(?<![A-Za-z])[A-Za-z]{1,2}(?![A-Za-z]))+""",
    re.VERBOSE,
)
_WORD = re.compile(r"(?<![A-Za-z\\])(?:or|to|is|vs|if|as|at|no|ok)(?![A-Za-z])", re.IGNORECASE)
_POWER = re.compile(r"\^|\*\*")
_EXPONENT = re.compile(
    r"(?:\^|\*\*)(?P<brace>[{(])?[-+]?(?:(?P<whole>[0-9]{1,3})|[A-Za-z]"
    r"|\\frac\{[0-9]{1,2}\}\{[0-9]{1,2}\}|[0-9]/[0-9])(?(brace)[})])(?![0-9^*/])"
)


def equal_answers(answer: str | None, gold: str | None) -> bool | None:
    """Whether `answer` is the same mathematical answer as `gold`. Never raises.

    Returns:
        None where there is no gold answer to compare with, or one too large to compare with, and
        where Math-Verify took longer than `algebra.SECONDS`: that is not known to be wrong
        (`algebra.time_limits_hit` counts it).

    >>> equal_answers("$1,234.00", "1234"), equal_answers("12 or 13", "12")
    (True, False)
    """
    wanted = _normal(gold or "")
    if not wanted:
        return None
    given = _normal(answer or "")
    if given == wanted or (given.isalpha() and given.casefold() == wanted.casefold()):
        return True
    try:
        return _equal(given, wanted)
    except Undecided:
        return None
    except Exception:  # noqa: BLE001 - sympy fails in many ways; what it cannot read is not equal
        return False


def _equal(given: str, wanted: str) -> bool:
    symbols = {match[1] for text in (given, wanted) if (match := _ASSIGNMENT.match(text))}
    if len(symbols) == 1:  # "x = 5" and "5", but not "x = 5" and "y = 5"
        given, wanted = _ASSIGNMENT.sub("", given, 1), _ASSIGNMENT.sub("", wanted, 1)
    given = given.removeprefix("=").strip()
    if "=" in given and "=" not in wanted:
        parts = [part.strip() for part in given.split("=")]
        return len(parts) <= 4 and all(part and _equal(part, wanted) for part in parts)
    first, second = _read_number(given), _read_number(wanted)
    if first is not None and second is not None:
        return first.equals(second)
    if _listed(given) != _listed(wanted):
        return False
    (brackets, values), (gold_brackets, golds) = _values(given), _values(wanted)
    if values and len(values) == len(golds) and brackets == gold_brackets:
        pairs = zip(values, golds, strict=True)
        return all(_close(Fraction(value), Fraction(gold)) for value, gold in pairs)
    return _equal_expressions(given, wanted)


def _values(text: str) -> tuple[str, list[float]]:
    """Brackets and values of a tuple, an interval or, without brackets, one expression.

    No values where the text is neither, or one of its values is not read.
    """
    if len(text) > MAX_LENGTH:
        return "", []
    match = _TUPLE.fullmatch(text)
    brackets = match[1] + match[3] if match else ""
    values = [evaluate(part) for part in (match[2].split(",") if match else [text])]
    return brackets, [value for value in values if value is not None] if None not in values else []


@dataclass(frozen=True, slots=True)
class _Number:
    value: Fraction
    percent: bool
    unit: str

    def equals(self, gold: _Number) -> bool:
        if self.unit and gold.unit and self.unit != gold.unit:
            return False
        if self.percent == gold.percent:
            return _close(self.value, gold.value)
        return any(
            _close(one, other)
            for one in {self.value, self.value / 100 if self.percent else self.value}
            for other in {gold.value, gold.value / 100 if gold.percent else gold.value}
        )


def _close(value: Fraction, gold: Fraction) -> bool:
    return value == gold or abs(value - gold) <= _TOLERANCE * min(Fraction(1), abs(gold))


def _read_number(text: str) -> _Number | None:
    text = _FRACTION.sub(r"\g<sign>\g<over>/\g<under>", text) if "frac" in text else text
    match = _NUMBER.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        return None
    words = (match["unit"] or "").casefold().replace("/", " ").split()
    if any(word in _NOT_UNITS or (len(word) < 2 and word not in _SHORT_UNITS) for word in words):
        return None
    divisor = int(match["divisor"] or 1)
    if divisor == 0:
        return None
    digits = match["number"].replace(",", "") + (match["power"] or "")
    value = Fraction(int(digits) if digits.isdecimal() else digits)
    if divisor != 1:
        value /= divisor
    unit = " ".join(word.removesuffix("s") or word for word in words)
    return _Number(-value if match["sign"] == "-" else value, bool(match["percent"]), unit)


def _normal(text: str) -> str:
    """The text without what only typesets it."""
    if _PLAIN.fullmatch(text):
        return " ".join(text.split()).rstrip(".").strip()
    text = text.replace("−", "-").replace("×", r"\times ").replace("π", r"\pi ")
    text = re.sub(r"\\(?:left|right|displaystyle)(?![A-Za-z])|\\[()\[\]!]", "", text)
    text = re.sub(r"\\(?:text|textbf|mathrm|mbox)\s*\{([^{}]*)\}", r" \1 ", text)
    text = re.sub(r"\^?\s*\{?\s*(?:\\circ|\\degree|°)\s*\}?", " degrees ", text)
    text = re.sub(r"\\[dt]frac(?![A-Za-z])", r"\\frac", text)
    text = re.sub(r"(?<!\\)\\[,;: ]|~", " ", text).replace(r"\$", "$").strip().strip("*`").strip()
    if text.startswith("$") and text.endswith("$"):
        text = text.strip("$")
    return " ".join(text.split()).rstrip(".").strip()


def _listed(text: str) -> int:
    """Number of values that the text lists: one more than its separators.

    A space between two digits is one, too: Math-Verify would multiply, and 1 1 be 1.
    """
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text)
    return 1 + len(re.findall(r"[,;&]|\\\\|(?<=[0-9])\s+(?=[0-9])", text))


def _equal_expressions(given: str, wanted: str) -> bool:
    letters = _letters(wanted)
    if not (_is_mathematics(given) and _is_mathematics(wanted) and _letters(given) <= letters):
        return False
    equal = equal_quotients(given, wanted)
    if equal is not None:
        return equal
    most = 20 if letters - set("ei") else 1000
    if _growth(wanted) > most:
        raise Undecided
    return _growth(given) <= most and equal_expressions(given, wanted)


def _is_mathematics(text: str) -> bool:
    """Whether all of the text is mathematics, and short."""
    return (
        len(text) <= MAX_LENGTH
        and _MATHEMATICS.fullmatch(text) is not None
        and _WORD.search(text) is None
        and re.search(r"[0-9]{31}", text) is None
        and _is_balanced(text)
    )


def _is_balanced(text: str) -> bool:
    depth = 0
    for bracket in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if bracket == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _letters(text: str) -> set[str]:
    return set(re.sub(r"\\[A-Za-z]+(?:\{pmatrix\})?|[^A-Za-z]", "", text)) - {"e", "i"}


def _growth(text: str) -> float:
    """Product of the exponents; infinite where one is more than a small number or a letter."""
    text = text.replace(" ", "")
    exponents = [match["whole"] for match in _EXPONENT.finditer(text)]
    if len(exponents) != len(_POWER.findall(text)):
        return float("inf")
    return prod(max(int(whole or 1), 1) for whole in exponents)
