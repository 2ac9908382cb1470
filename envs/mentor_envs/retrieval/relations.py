"""Relations of the embedded corpus, `relations.toml`, and the English that states and asks them.

In the templates {s} is the subject and {o} the object. A statement stands in the subject's
document, where {s} is short (a surname, "It"). A noun phrase names the object without its name:
questions over several documents are made by putting one into another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mentor_envs.words import read_words

__all__ = ["COMPARISONS", "KINDS", "RELATIONS", "UNSEEN", "Comparison", "Relation"]


class Relation(NamedTuple):
    """One fact that each entity of a kind has.

    Attributes:
        kind: kind of the subject.
        target: kind of the object; "year" and "number" have no documents.
        statements: sentences of the subject's document.
        noun: how a question refers to the object; "" where no question goes on from it.
        asks: questions for the object.
    """

    kind: str
    target: str
    statements: Sequence[str]
    noun: str
    asks: Sequence[str]


class Comparison(NamedTuple):
    """Which of two entities is meant: the one of the lower or the higher value of a relation."""

    relation: str
    lower: str
    higher: str


_READ = read_words(__package__, "relations.toml")
KINDS: Mapping[str, str] = _READ["kinds"]
"""Kind of entity → how a question names one."""
RELATIONS = {name: Relation(**relation) for name, relation in _READ["relations"].items()}
"""Name → relation."""
UNSEEN = frozenset[str](_READ["unseen"])
"""Relations that neither train nor eval uses."""
COMPARISONS = tuple(Comparison(**comparison) for comparison in _READ["comparisons"])
