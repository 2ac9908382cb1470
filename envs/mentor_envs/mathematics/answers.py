r"""Answers: comparison of two mathematical answers.

The rules, in order; the first one that can decide counts:

1. The same text without typesetting (`typesetting`): equal.
2. Two numbers (`numbers`), or two tuples or intervals of numbers in the same brackets: equal if
   they differ by at most 1e-6·min(1, |gold|). So integers must be the same; six decimals is the
   `float_rounding` of Math-Verify. A sign, a currency, thousands separators, a listed unit
   (`units`), `x =` and `%` are read. So are expressions of numbers alone with one reading
   (`arithmetic`). 50% is 50 and also 0.5. Units and currencies are compared only if both sides have
   one. An unlisted word is no unit: "72 dozens" is not 72.
3. Two quotients of polynomials, with one reading (`polynomials`): equal if they are identical.
4. All other mathematics goes to Math-Verify (`math_verify.parse`, `verify`;
   github.com/huggingface/Math-Verify), which compares expressions, sets, tuples and intervals.

Two precautions go beyond Math-Verify, since a policy is rewarded for its answer. First, the whole
answer must be mathematics, and not only a part of a text. It must list as many values as the gold
answer, and be equal along every `=`. So "12 or 13", "12, 13" and "13 = 12" are wrong if 12 is
right. Second, expressions that could take long are refused before they are read. A refused answer
is wrong, so that a policy gains nothing by long expressions; a refused gold answer decides nothing.
All comparisons have a time limit (`algebra`).
"""

from __future__ import annotations

import re
from math import prod

from mentor_envs.mathematics.algebra import Undecided, equal_expressions
from mentor_envs.mathematics.numbers import MAX_LENGTH, Number, read_number
from mentor_envs.mathematics.polynomials import equal_quotients
from mentor_envs.mathematics.typesetting import without_typesetting

__all__ = ["equal_answers", "is_number"]

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
    """True if `answer` is the same mathematical answer as `gold`. Never raises.

    Returns:
        None if there is no gold answer, or if it is too large to compare with. Also None if
        Math-Verify took longer than `algebra.SECONDS`, as the answer is then not known to be wrong.
        `algebra.time_limits_hit` counts these comparisons.

    >>> equal_answers("$1,234.00", "1234"), equal_answers("12 or 13", "12")
    (True, False)
    """
    wanted = without_typesetting(gold or "")
    if not wanted:
        return None
    given = without_typesetting(answer or "")
    if given == wanted or (given.isalpha() and given.casefold() == wanted.casefold()):
        return True
    try:
        return _equal(given, wanted)
    except Undecided:
        return None
    except Exception:  # noqa: BLE001 - sympy fails in many ways; what it cannot read is not equal
        return False


def is_number(text: str) -> bool:
    r"""True if a text is one number in any notation, but no expression. Never raises.

    >>> is_number(r"\$9{,}500"), is_number("20 €"), is_number("72 dozens"), is_number("2024-5-1")
    (True, True, False, False)
    """
    number = read_number(without_typesetting(text))
    return number is not None and not number.computed


def _equal(given: str, wanted: str) -> bool:
    symbols = {match[1] for text in (given, wanted) if (match := _ASSIGNMENT.match(text))}
    if len(symbols) == 1:  # "x = 5" and "5", but not "x = 5" and "y = 5"
        given, wanted = _ASSIGNMENT.sub("", given, 1), _ASSIGNMENT.sub("", wanted, 1)
    if "=" in given and "=" not in wanted:
        parts = [part.strip() for part in given.split("=")]
        return len(parts) <= 4 and all(part and _equal(part, wanted) for part in parts)
    first, second = read_number(given), read_number(wanted)
    if first is not None and second is not None:
        return first.equals(second)
    if _listed(given) != _listed(wanted):
        return False
    (brackets, values), (gold_brackets, golds) = _tuple(given), _tuple(wanted)
    if values and len(values) == len(golds) and brackets == gold_brackets:
        return all(value.equals(gold) for value, gold in zip(values, golds, strict=True))
    return _equal_expressions(given, wanted)


def _tuple(text: str) -> tuple[str, list[Number]]:
    """Brackets and numbers of a tuple or an interval; no numbers if an element is none."""
    match = _TUPLE.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        return "", []
    numbers = [read_number(part.strip()) for part in match[2].split(",")]
    read = [number for number in numbers if number is not None]
    return match[1] + match[3], read if len(read) == len(numbers) else []


def _listed(text: str) -> int:
    """Number of values that the text lists: one more than its separators.

    A space between two digits is a separator, too: Math-Verify would multiply, and read 1 1 as 1.
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
    """True if all of the text is mathematics, and short."""
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
    """Product of the exponents; infinite if an exponent is neither a small number nor a letter."""
    text = text.replace(" ", "")
    exponents = [match["whole"] for match in _EXPONENT.finditer(text)]
    if len(exponents) != len(_POWER.findall(text)):
        return float("inf")
    return prod(max(int(whole or 1), 1) for whole in exponents)
