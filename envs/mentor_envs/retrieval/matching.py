"""Exact match and token F1 of answers, as SQuAD and HotpotQA compute them."""

from __future__ import annotations

import re
import string
from collections import Counter

__all__ = ["exact_match", "normalise", "token_f1"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CLOSED = {"yes", "no", "noanswer"}


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation, articles and extra spaces, in that order.

    An answer that consists of nothing else ("The A") is only lower-cased.

    >>> normalise("The  Harbour-Master's house.")
    'harbourmasters house'
    """
    plain = " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())
    return plain or " ".join(text.lower().split())


def exact_match(given: str, gold: str) -> float:
    """1.0 if the normalised answers are the same, else 0.0."""
    return float(normalise(given) == normalise(gold))


def token_f1(given: str, gold: str) -> float:
    """Harmonic mean of precision and recall of the words, as multisets.

    0.0 if one of the two is yes or no and the other is not the same.
    """
    left, right = normalise(given), normalise(gold)
    if left != right and (left in _CLOSED or right in _CLOSED):
        return 0.0
    words, wanted = Counter(left.split()), Counter(right.split())
    common = (words & wanted).total()
    return 2 * common / (words.total() + wanted.total()) if common else 0.0
