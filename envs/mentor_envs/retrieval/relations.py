"""Relations of the embedded corpus, `relations.toml`, and the English that states and asks them.

In the templates {s} is the subject and {o} the object. A statement stands in the subject's
document, in which {s} is short (a surname, "It"). A noun phrase refers to the object without its
name. Nested noun phrases make questions over several documents.
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
        noun: a question's phrase for the object; "" if no question goes on from there.
        asks: questions for the object.
    """

    kind: str
    target: str
    statements: Sequence[str]
    noun: str
    asks: Sequence[str]


class Comparison(NamedTuple):
    """A choice between two entities: the one with the lower or the higher value of a relation."""

    relation: str
    lower: str
    higher: str


_READ = read_words(__package__, "relations.toml")
KINDS: Mapping[str, str] = _READ["kinds"]
"""Kind of entity → a question's word for one."""
RELATIONS = {name: Relation(**relation) for name, relation in _READ["relations"].items()}
"""Name → relation."""
UNSEEN = frozenset[str](_READ["unseen"])
"""Relations that neither train nor eval uses."""
COMPARISONS = tuple(Comparison(**comparison) for comparison in _READ["comparisons"])
