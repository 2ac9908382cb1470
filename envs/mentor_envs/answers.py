"""How final answers in words are read from a turn."""

from __future__ import annotations

import re

__all__ = ["read_answer"]

_SHORT = 40  # a turn of no more characters may be the bare answer
_ANSWER = re.compile(r"answer:", re.IGNORECASE)


def read_answer(content: str) -> str | None:
    """What follows the last `Answer:`; a short turn without it is the answer itself.

    >>> read_answer("It was her. Answer: Mia Holm"), read_answer("Mia Holm")
    ('Mia Holm', 'Mia Holm')
    """
    *before, text = _ANSWER.split(content)
    if not before and len(text.strip()) > _SHORT:
        return None
    return text.strip() or None
