"""The world of the embedded corpus: people and things that do not exist, and facts about them.

All names are made of syllables, so that nothing a model has read elsewhere helps. Every document
opens with a sentence of no importance, which is all that a search shows of it; the facts follow,
each in its own sentence, in any order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from mentor_envs.retrieval.corpus import Corpus
from mentor_envs.retrieval.relations import RELATIONS

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

_STARTS = "b br d dr f fl g gr h k kl kr l m n p r s sk st t tr v".split()  # noqa: SIM905
_MIDDLES = "a e i o u ai ei".split()  # noqa: SIM905
_ENDS = "l n r s t d k m nd rn st ld".split()  # noqa: SIM905
_TAILS = {
    "surname": ("er", "ik", "ov", "ano", "ely", "ow"),
    "town": ("ville", "ham", "stad", "burg", "by", "mouth"),
    "company": ("ex", "ora", "ium", "ona"),
    "museum": ("eth", "ane", "ist"),
    "river": ("a", "e", "o"),
    "mountain": ("us", "ak", "horn"),
    "ship": ("ine", "ette"),
}
_FIRST_TEXT = """
Ada Ben Carla Dario Edda Finn Greta Hugo Ines Jonas Kira Levin Mara Nils Olga Paul Rosa Sven Tilda
Urs Vera Wim Xenia Yann Zora Anton Bella Casper Dora Emil Fanny Gustav Hanna Ivo Jette Klaus Lotte
Mats Nora Otto Petra Quinn Runa Silas Thea Ulf Vida Walter Yara Zeno
"""
_FIRST = _FIRST_TEXT.split()
_ADJECTIVES_TEXT = """
Silent Golden Broken Distant Hidden Winter Crimson Hollow Paper Burning Frozen Gentle Iron Lonely
Midnight Northern Painted Quiet Restless Scarlet Tender Velvet Wandering Yellow Ancient Bitter
Copper Dancing Empty Fallen
"""
_ADJECTIVES = _ADJECTIVES_TEXT.split()
_NOUNS_TEXT = """
Harbour Orchard Lantern Stairway Sparrow Garden Mirror Island Letter Window Bridge Candle Desert
Engine Forest Guest Horizon Journey Kingdom Ladder Meadow Needle Ocean Piano Question Road Shadow
Tower Umbrella Valley Whisper Anchor Bell Circus Dream Echo
"""
_NOUNS = _NOUNS_TEXT.split()
_LEADS = {
    "person": (
        "Painter who liked cold mornings.",
        "Engineer and keen walker.",
        "Musician of many talents.",
        "Writer with a love of dogs.",
        "Known for patience and good humour.",
    ),
    "novel": ("Novel in three parts.", "Much-loved novel.", "Novel about two sisters."),
    "film": ("Film in black and white.", "Quiet film for the whole family.", "Crime film."),
    "town": ("Town with an old market.", "Town known for its bakeries.", "Town of narrow lanes."),
    "company": ("Company that makes bicycles.", "Maker of fine paper.", "Trading company."),
    "museum": ("Museum of glass and clay.", "Museum of old maps.", "Museum with a tea room."),
    "river": ("River with clear water.", "Slow river.", "River with many fish."),
    "mountain": ("Mountain with steep sides.", "Mountain that is often in clouds."),
    "ship": ("Ship with three masts.", "Cargo ship.", "Ship painted white."),
    "opera": ("Opera in four acts.", "Opera with a sad end.", "Comic opera."),
}


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
    """All entities, in the order of their documents, and those of each kind."""

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
    return " ".join([draw.choice(_LEADS[entity.kind]), *sentences])


def _namer(draw: random.Random) -> Callable[[str], str]:
    """A function that gives a new name of a kind with each call."""
    taken: set[str] = set()
    titles = [f"The {first} {second}" for first in _ADJECTIVES for second in _NOUNS]
    draw.shuffle(titles)

    def word(tail: str) -> str:
        while True:
            stem = draw.choice(_STARTS) + draw.choice(_MIDDLES) + draw.choice(_ENDS)
            made = (stem + draw.choice(_TAILS[tail])).capitalize()
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
    first = {surname: draw.sample(_FIRST, _RELATIVES) for surname in surnames}
    for index in range(_RELATIVES):
        for surname in surnames:
            yield f"{first[surname][index]} {surname}"
