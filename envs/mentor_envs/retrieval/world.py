"""The world of the embedded corpus: people and things that do not exist, and facts about them.

All names are made of syllables, so that a model's prior knowledge does not help. Every document
opens with an unimportant sentence, the only one that a search shows. The facts follow, each in its
own sentence, in any order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from mentor_envs.retrieval.corpus import Corpus
from mentor_envs.retrieval.relations import RELATIONS
from mentor_envs.words import read_words

__all__ = ["Entity", "World", "make_corpus", "make_world"]

_COUNTS = {
    "person": 600,
    "novel": 320,
    "film": 280,
    "town": 200,
    "company": 160,
    "museum": 140,
    "river": 90,
    "mountain": 90,
    "ship": 60,
    "opera": 60,
}
_NUMBERS = {"population": (1200, 98_000), "length": (30, 990), "height": (700, 6900)}
_YEARS = (1700, 1999)
_RELATIVES = 2  # people of the same surname

_WORDS = read_words(__package__, "words.toml")


@dataclass(slots=True, eq=False)
class Entity:
    """Someone or something with a document.

    Attributes:
        name: the document's title; no two entities share it.
        index: the document's place in the corpus.
        facts: relation → another entity, or a number.
        text: the document's text.
    """

    kind: str
    name: str
    index: int
    facts: dict[str, Entity | int] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """All entities, in the order of their documents, and kind → its entities."""

    entities: tuple[Entity, ...]
    kinds: dict[str, list[Entity]]


@lru_cache(maxsize=4)
def make_world(seed: int) -> World:
    """The world of a seed; always the same one."""
    draw = random.Random(f"retrieval/{seed}")
    make_name = _namer(draw)
    named = [(kind, make_name(kind)) for kind, count in _COUNTS.items() for _ in range(count)]
    draw.shuffle(named)
    entities = tuple(Entity(kind, name, index) for index, (kind, name) in enumerate(named))
    kinds = {kind: [e for e in entities if e.kind == kind] for kind in _COUNTS}
    for entity in entities:
        for name, relation in RELATIONS.items():
            if relation.kind != entity.kind:
                continue
            if relation.target in kinds:
                found = draw.choice(kinds[relation.target])
                while found is entity:
                    found = draw.choice(kinds[relation.target])
                entity.facts[name] = found
            else:
                entity.facts[name] = draw.randint(*_NUMBERS.get(name, _YEARS))
        entity.text = _write(entity, draw)
    return World(entities, kinds)


@lru_cache(maxsize=4)
def make_corpus(seed: int) -> Corpus:
    """The indexed documents of a seed's world, in the order of its entities."""
    return Corpus([(entity.name, entity.text) for entity in make_world(seed).entities])


def _write(entity: Entity, draw: random.Random) -> str:
    short = entity.name.split()[-1] if entity.kind == "person" else "It"
    sentences = []
    for name, value in entity.facts.items():
        shown = value.name if isinstance(value, Entity) else str(value)
        sentences.append(draw.choice(RELATIONS[name].statements).format(s=short, o=shown))
    draw.shuffle(sentences)
    return " ".join([draw.choice(_WORDS["leads"][entity.kind]), *sentences])


def _namer(draw: random.Random) -> Callable[[str], str]:
    """A function that gives a new name of a kind with each call."""
    taken: set[str] = set()
    titles = [
        f"The {first} {second}" for first in _WORDS["adjectives"] for second in _WORDS["nouns"]
    ]
    draw.shuffle(titles)

    def word(tail: str) -> str:
        while True:
            parts = (_WORDS["starts"], _WORDS["middles"], _WORDS["ends"], _WORDS["tails"][tail])
            made: str = "".join(map(draw.choice, parts)).capitalize()
            if made not in taken:
                taken.add(made)
                return made

    surnames = [word("surname") for _ in range(_COUNTS["person"] // _RELATIVES)]
    people = _people(draw, surnames)

    def name(kind: str) -> str:
        if kind == "person":
            return next(people)
        if kind in ("novel", "film", "opera"):
            return titles.pop()
        made = word(kind)
        suffixes = {
            "company": ("Works", "Press", "Brothers", "Trading"),
            "museum": ("Museum", "Gallery", "Collection"),
        }
        return f"{made} {draw.choice(suffixes[kind])}" if kind in suffixes else made

    return name


def _people(draw: random.Random, surnames: list[str]) -> Iterator[str]:
    """Names of people, all different; some have their surname in common."""
    first = {surname: draw.sample(_WORDS["first_names"], _RELATIVES) for surname in surnames}
    for index in range(_RELATIVES):
        for surname in surnames:
            yield f"{first[surname][index]} {surname}"
