r"""Typesetting: removed from an answer's text before comparison.

Removed are delimiters of formulas, spacing commands, emphasis, and `\text{…}` and `\boxed{…}`
around their contents. So are an equals sign before the text, and a period or comma after it. Digits
of other scripts become ASCII digits, full-width signs ordinary ones, every minus sign a hyphen, and
² an exponent. Groups of three digits are joined if one space, `\,`, `~`, ' or _ separates them; a
comma between groups stays.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["without_typesetting"]

_PLAIN = re.compile(r"[0-9A-Za-z.,+/()=% -]*")  # nothing in it typesets

_SEPARATOR = r"\\[,;: ]|\\thinspace(?![A-Za-z])\s?|[ ~'’_]"
_GROUPS = re.compile(
    rf"(?<![\w.,^])[0-9]{{1,3}}(?P<separator>{_SEPARATOR})[0-9]{{3}}"
    rf"(?:(?P=separator)[0-9]{{3}})*(?!(?:{_SEPARATOR})?[0-9]|\s*/)"
)
_SUPERSCRIPTS = re.compile("([⁺⁻]?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_VULGAR_FRACTION = re.compile("[¼-¾⅐-⅞]")
_WRAPPER = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt)?|math(?:rm|bf|it|sf)|mbox|boxed|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–−", "-"),
        "×": r"\times ",
        "÷": r"\div ",
        "·": r"\cdot ",
        "π": r"\pi ",
        "٫": ".",
        "٬": ",",
        "٪": "%",
        "⁄": "/",
    }
)
_MONEY = {"pounds": "£", "euro": "€", "texteuro": "€", "yen": "¥", "textdollar": "$"}
_MONEY_IN_FORMULA = re.compile(r"\s*(\$\$?)(?P<inside>[^$]*\$[^$]*)\1\s*")
"""A formula with one dollar sign in it, which delimits nothing."""
_EDGES = " \"'“”‘’*`"
_ESCAPED_DOLLAR = "\0"


def without_typesetting(text: str) -> str:
    r"""The text without typesetting.

    >>> without_typesetting(r"$\text{9{,}500}$."), without_typesetting("–1 234 cm²")
    ('9,500', '-1234 cm^{2}')
    """
    if not _PLAIN.fullmatch(text):
        text = _latex(_characters(text))
    text = " ".join(_joined(text).split()).strip(_EDGES)
    return text.rstrip(".,;\\ ").lstrip("= ").strip(_EDGES)


def _characters(text: str) -> str:
    """The text with one character for all characters that look or mean the same."""
    text = _SUPERSCRIPTS.sub(lambda found: f"^{{{unicodedata.normalize('NFKC', found[0])}}}", text)
    text = _VULGAR_FRACTION.sub(lambda found: f" {unicodedata.normalize('NFKC', found[0])}", text)
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in text
        if unicodedata.category(character) != "Cf"  # marks of direction, zero width
    )


def _latex(text: str) -> str:
    text = re.sub(r"\\(?:left|right|displaystyle|textstyle)(?![A-Za-z])|\\[()\[\]!]", "", text)
    text = re.sub(r"\{\s*,\s*\}", ",", text)
    text = re.sub(r"(?<![\w)}*])\*\*([^*]+)\*\*(?![\w({*])", r"\1", text)
    text = re.sub(r"\\([a-z]+)(?![A-Za-z])", lambda name: _MONEY.get(name[1], name[0]), text)
    text = _joined(text.replace(r"\$", _ESCAPED_DOLLAR))
    if money := _MONEY_IN_FORMULA.fullmatch(text):
        text = money["inside"].replace("$", _ESCAPED_DOLLAR)
    text = re.sub(r"\$\$?([^$]*)\$\$?", r" \1 ", text).replace(_ESCAPED_DOLLAR, "$")
    while (opened := _WRAPPER.sub(r" \1 ", text)) != text:
        text = opened
    text = re.sub(r"\^?\s*\{?\s*(?:\\circ|\\degree|°)\s*\}?", " degrees ", text)
    text = re.sub(r"\\[dtc]frac(?![A-Za-z])", r"\\frac", text)
    text = re.sub(r"\\frac\s*([0-9])\s*([0-9])", r"\\frac{\1}{\2}", text)
    text = re.sub(r"√\s*\(?([0-9]+)\)?|\\sqrt\s*([0-9])", r"\\sqrt{\1\2}", text)
    return re.sub(r"(?<!\\)\\[,;: ]|(?<=\S)~|\\(?:quad|thinspace)(?![A-Za-z])", " ", text)


def _joined(text: str) -> str:
    return _GROUPS.sub(lambda found: found[0].replace(found["separator"], ""), text)
