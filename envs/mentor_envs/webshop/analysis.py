"""Text to terms, as Lucene's English analyzer (pyserini's default) does it.

Words follow Unicode's word boundaries: "x-large" is two, "don't" and "3.5" are one. Terms are in
lower case and stemmed by Porter's rules, without a possessive 's and without Lucene's stop words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

__all__ = ["VERSION", "term", "terms", "words"]

VERSION = 1  # part of an index's name: count it up where terms change

_WORD = re.compile(r"\w+(?:(?:(?<=[^\W\d_])[.:·'‘’](?=[^\W\d_])|(?<=\d)[.,;'‘’](?=\d))\w+)*")
_WORDS = """
a an and are as at be but by for if in into is it no not of on or such that the their then there
these they this to was will with
"""
_STOP_WORDS = frozenset(_WORDS.split())


def words(text: str) -> list[str]:
    """The words of a text, in lower case; text between words is dropped."""
    return _WORD.findall(text.lower())


@lru_cache(maxsize=1 << 17)
def term(word: str) -> str:
    """The term of a word in lower case; "" for a stop word."""
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    return "" if word in _STOP_WORDS else _stemmer()(word)


@cache
def _stemmer() -> Callable[[str], str]:
    """Porter's stemmer with its author's later changes, which Lucene's `PorterStemmer` follows."""
    from nltk.stem.porter import PorterStemmer  # half a second to import

    stem: Callable[[str], str] = PorterStemmer(PorterStemmer.MARTIN_EXTENSIONS).stem
    return stem


def terms(text: str) -> list[str]:
    """The terms of a text, in order and as often as they occur."""
    return [found for word in words(text) if (found := term(word))]
