"""The vocabulary of the embedded catalogue, `vocabulary.toml`: groups of products and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mentor_envs.words import read_words

__all__ = ["COLOURS", "GROUPS", "OPTIONS", "Group"]


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of products that share their attributes and options.

    Attributes:
        adjectives: attributes before the noun.
        features: other attributes.
        options: names in `OPTIONS`, or "color".
        kinds: name → lowest and highest price in dollars.
    """

    category: str
    name: str
    adjectives: Sequence[str]
    features: Sequence[str]
    options: Sequence[str]
    kinds: Mapping[str, Sequence[int]]


_WORDS = read_words(__package__, "vocabulary.toml")
COLOURS = tuple(_WORDS["colours"])
OPTIONS = {name: tuple(values) for name, values in _WORDS["options"].items()}
GROUPS = tuple(Group(**group) for group in _WORDS["groups"])
