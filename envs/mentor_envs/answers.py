"""Final answers: how they are read from a turn, and whether they are right."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from mentor_core.mathematics import equal_answers

__all__ = ["Answer", "Comparison", "is_answer", "read_answer", "same_answer"]

Answer = str | int | float
Comparison = Literal["auto", "mathematics", "text"]

_MARK = re.compile(r"answer:", re.IGNORECASE)
_BOXED = r"\boxed{"
_NUMERIC = re.compile(r"[-+]?[$€£]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*%?")
_EDGES = " \t\n\"'`*“”‘’"


def read_answer(content: str, bare: int | None = 40) -> str | None:
    r"""What follows the last `Answer:`, or stands in the last `\boxed{…}` of it.

    Args:
        content: a turn without calls.
        bare: a turn with neither, of at most this many characters, is the answer itself; None
            sets no limit.

    >>> read_answer("It was her. Answer: Mia Holm"), read_answer("Mia Holm")
    ('Mia Holm', 'Mia Holm')
    """
    *before, text = _MARK.split(content)
    boxed = _last_boxed(text)
    if boxed is None and not before and bare is not None and len(text.strip()) > bare:
        return None
    return (text if boxed is None else boxed).strip() or None


def same_answer(
    answer: str | None, gold: Answer | Sequence[Answer], comparison: Comparison = "auto"
) -> bool | None:
    """Whether `answer` is `gold`, or one of several that are right. Never raises.

    Args:
        answer: what the policy answered, None if it did not.
        gold: the right answer, or all right ones.
        comparison: "mathematics" is `mentor_core.mathematics.equal_answers`; "text" ignores case,
            spacing, quotation marks and a final period; "auto" is mathematics where the gold
            answer is a number or LaTeX, else text.

    Returns:
        None where it could not be decided (see `equal_answers`).

    >>> same_answer("$1,200", 1200), same_answer("  the MOON. ", ["moon", "the moon"])
    (True, True)
    """
    if answer is None:
        return False
    golds = [gold] if isinstance(gold, Answer) else gold
    equal = [_same(answer, wanted, comparison) for wanted in golds]
    return True if True in equal else None if None in equal else False


def is_answer(value: object) -> bool:
    """Whether `same_answer` can compare with a value: text, a finite number, or a list of them."""
    values = value if isinstance(value, list) and value else [value]
    return all(
        bool(item.strip())
        if isinstance(item, str)
        else isinstance(item, int | float) and not isinstance(item, bool) and abs(item) < math.inf
        for item in values
    )


def _same(answer: str, gold: Answer, comparison: Comparison) -> bool | None:
    text = str(gold)
    if comparison == "auto":
        is_number = _NUMERIC.fullmatch(text.strip()) is not None
        comparison = "mathematics" if is_number or "\\" in text else "text"
    if comparison == "mathematics":
        return equal_answers(answer, text)
    return _plain(answer) == _plain(text)


def _plain(text: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return text.strip(_EDGES).rstrip(".!").strip(_EDGES) or text


def _last_boxed(text: str) -> str | None:
    r"""The inside of the last `\boxed{…}` whose braces match; None where there is none."""
    _, found, rest = text.rpartition(_BOXED)
    depth = 1
    for end, character in enumerate(rest if found else ""):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return rest[:end]
    return None
