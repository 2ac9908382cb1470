"""The nouns of a product's title, whose overlap is part of the reward's type term.

WebShop tags titles with spaCy's `en_core_web_sm` and keeps NOUN and PROPN. In titles, spaCy tags
nearly every word so, except function words, numbers and a few adjectives. Without spaCy and its
model, all words but function words, numbers and measures are kept. docs/environments/index.md says
how far the two agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from mentor_core.support.errors import ConfigError

__all__ = ["spacy_nouns", "title_nouns"]

_WORD = re.compile(r"[^\W_]+(?:[.'’*+][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)
_MEASURE = re.compile(r"\d[\d.x*]*(?:mm|cm|m|in|inch|ft|oz|g|kg|lb|lbs|ml|l|w|v|k|p|pcs|pc|pack)?")
_WORDS = """
a an the this that these those all any each every some both either neither another
of for with in on at to from by up out off over under into onto through without within between
behind against about per as than like after before upon across around along during
and or but nor so if because while when where etc
i me my we our you your he him his she her it its they them their who which what
is are am be been being was were do does did has have had can could may might will would
should must let not only more most very also too just even still fully easily highly ever once
one two three four five six seven eight nine ten full large high long double wide small
compatible suitable breathable comfortable resealable original made based designed included
includes make use
"""
_OTHERS = frozenset(_WORDS.split())


@lru_cache(maxsize=65_536)
def title_nouns(title: str) -> tuple[str, ...]:
    """The title's words, in lower case, that are taken for nouns by the rule above.

    The words are in order, and as often as they occur: WebShop counts repeated ones, too.
    """
    words = (word.lower() for word in _WORD.findall(_POSSESSIVE.sub(" ", title)))
    return tuple(
        word
        for word in words
        if len(word) > 1 and word not in _OTHERS and not _MEASURE.fullmatch(word)
    )


@lru_cache(maxsize=65_536)
def spacy_nouns(title: str) -> tuple[str, ...]:
    """The title's nouns by spaCy, as in WebShop.

    Raises:
        ConfigError: spaCy or its model is not installed.
    """
    tagged = _tagger()(title)
    return tuple(token.text.lower() for token in tagged if token.pos_ in ("NOUN", "PROPN"))


@cache
def _tagger() -> Callable[[str], Any]:
    try:
        import spacy

        tagger: Callable[[str], Any] = spacy.load("en_core_web_sm")
    except (ImportError, OSError) as error:
        raise ConfigError(
            "nouns='spacy' needs spaCy and its model: pip install spacy, then "
            f"python -m spacy download en_core_web_sm ({error})"
        ) from None
    return tagger
