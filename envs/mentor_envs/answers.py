"""Final answers: read from a turn, and compared with the right answer."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal

from mentor_envs.mathematics import equal_answers, is_number

__all__ = ["Answer", "Comparison", "is_answer", "read_answer", "same_answer"]

Answer = str | int | float
Comparison = Literal["auto", "mathematics", "text"]

_MARK = re.compile(r"answer[*_`]*(?:\s+is)?\s*[*_`]*\s*[:：﹕]\**", re.IGNORECASE)
_BOX = re.compile(r"\\(?:boxed|fbox)\s*(?:\{|(?P<bare>[^\s{}$]+))")
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf)|mbox)\s*\{([^{}]*)\}")
_BLOCK = re.compile(r"\s*(?:\$\$(.*?)\$\$|\\\[(.*?)\\\]|```\w*\s*\n(.*?)```)", re.DOTALL)
_NOTHING = re.compile(r"[\s*_`$]*")  # alone on a line
_DIVISION = re.compile(r"[0-9]\s*/\s*[0-9]")
_EDGES = " \t\n\"'`*“”‘’"


def read_answer(content: str, bare: int | None = 40, gold: Any = "") -> str | None:
    r"""The answer that a turn states after its last `Answer:`, or in its last `\boxed{…}`.

    The mark may also be `The answer is:`, and may have a full-width colon. The answer is the first
    line after the mark that is not blank, with the lines that close its brackets. A formula between
    $$ or \[ \], or a fenced block, that begins there is taken as a whole. If the answer has a
    `\boxed{…}`, the inside of the last box counts. Further lines do not count. A turn without a
    mark is read as a whole.

    A box that is not closed holds the rest of its line. The outer one of nested boxes counts. A box
    or a `\text{…}` that is all of a box's content is opened, too.

    Args:
        content: a turn without calls.
        bare: a turn with neither mark nor box, of at most this many characters, is the answer
            itself; None sets no limit.
        gold: the right answer, or several. If one has several lines, or gold is None, all text
            after the mark is the answer.

    >>> read_answer("It was her. Answer: Mia Holm\nShe did it."), read_answer("Mia Holm")
    ('Mia Holm', 'Mia Holm')
    """
    *before, text = _MARK.split(content)
    if before and not _has_lines(gold):
        text = _first(text)
    boxed = _last_boxed(text)
    if boxed is None and not before and bare is not None and len(text.strip()) > bare:
        return None
    return (_unmarked(text) if boxed is None else boxed).strip() or None


def same_answer(
    answer: str | None, gold: Answer | Sequence[Answer], comparison: Comparison = "auto"
) -> bool | None:
    """True if `answer` is `gold`, or one of several right answers. Never raises.

    Args:
        answer: the policy's answer; None if there is none.
        gold: the right answer, or all right answers.
        comparison: "mathematics" is `mentor_envs.mathematics.equal_answers`. "text" ignores case,
            spacing, quotation marks and a final period. "auto" is mathematics if the gold answer is
            LaTeX or a number (but no fraction, which may be a date), else text.

    Returns:
        None if the comparison could not be decided (see `equal_answers`).

    >>> same_answer("$1,200", 1200), same_answer("  the MOON. ", ["moon", "the moon"])
    (True, True)
    """
    if answer is None:
        return False
    golds: Sequence[Any] = gold if isinstance(gold, list | tuple) else [gold]
    equal = [_same(answer, wanted, comparison) for wanted in golds]
    return True if True in equal else None if None in equal else False


def is_answer(value: object) -> bool:
    """True if `same_answer` can compare with a value: text, a finite number, or a list of them."""
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
        by_value = "\\" in text or (is_number(text) and not _DIVISION.search(text))
        comparison = "mathematics" if by_value else "text"
    if _plain(answer) == _plain(text):
        return True
    return equal_answers(answer, text) if comparison == "mathematics" else False


def _plain(text: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return text.strip(_EDGES).rstrip(".!").strip(_EDGES) or text


def _first(text: str) -> str:
    """The block that a text begins with, else its first line that is not blank."""
    block = _BLOCK.match(text)
    if block is not None:
        return next(group for group in block.groups() if group is not None)
    lines = text.splitlines(keepends=True)
    while lines and _NOTHING.fullmatch(lines[0]):
        lines.pop(0)
    for end in range(1, len(lines) + 1):
        found = "".join(lines[:end])
        if _opened(found) <= 0:
            return found
    return lines[0] if lines else ""


def _opened(text: str) -> int:
    """Number of brackets of any kind that are not closed."""
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))


def _unmarked(text: str) -> str:
    """The text without the emphasis around it, or without the half that the mark left."""
    text = text.strip()
    for sign in ("**", "*", "`"):
        if text.endswith(sign) and text.count(sign) == 1 + text.startswith(sign):
            text = text.removeprefix(sign).removesuffix(sign).strip()
    return text


def _last_boxed(text: str) -> str | None:
    r"""The inside of the last `\boxed{…}`, opened as far as possible; None if there is none."""
    inside: str | None = None
    end = 0
    while box := _BOX.search(text, end):
        end = box.end() if box["bare"] else _closing(text, box.end())
        inside = box["bare"] or text[box.end() : end]
        if end == len(text) and not box["bare"]:
            inside, *_ = inside.splitlines() or [""]
    if inside is None:
        return None
    inside = inside.strip()
    if label := _TEXT.fullmatch(inside):
        return label[1]
    nested = _BOX.match(inside)
    if nested and not nested["bare"] and _closing(inside, nested.end()) >= len(inside) - 1:
        return _last_boxed(inside)
    return inside


def _closing(text: str, start: int) -> int:
    """Index of the brace that closes the one opened before `start`; the text's end without one."""
    depth = 1
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return end
    return len(text)


def _has_lines(gold: Any) -> bool:
    """True if an answer has several lines, or there is none."""
    if isinstance(gold, list | tuple):
        return any(map(_has_lines, gold))
    return gold is None or (isinstance(gold, str) and len(gold.strip().splitlines()) > 1)
