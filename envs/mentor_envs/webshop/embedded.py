"""The embedded catalogue: 3,600 products of mentor's own making, always the same ones.

Every product has four attributes, two in its title and two in its bullets, and up to three options.
Its instruction asks for two or three of the attributes.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from random import Random

from mentor_envs.webshop.catalogue import Catalogue, Product, Review
from mentor_envs.webshop.vocabulary import COLOURS, GROUPS, OPTIONS, Group

__all__ = ["EMBEDDED_OOD", "embedded_catalogue", "generate_products", "reworded"]

SIZE = 3600
EMBEDDED_OOD = ("garden", "pets")
"""Categories that only the shift domain asks for."""

_STARTS = "Tarn Brel Ovi Kest Lum Sorr Velm Pind Grav Hald Quor Zel Mirr Ost Fenn"
_ENDS = "wick dane mora una eck ric ella den"
_BRANDS = [start + end for start in _STARTS.split() for end in _ENDS.split()]
_OPENINGS = ("find me {}", "i need {}", "i am looking for {}", "i want to buy {}", "show me {}")
_REWORDED = {
    "find me ": "could you get ",
    "i need ": "what i lack is ",
    "i am looking for ": "my sister asked for ",
    "i want to buy ": "please order ",
    "show me ": "i would be glad of ",
    " that has ": " which comes with ",
    ", and price lower than ": ", for less than ",
}
_REVIEWS = (
    ("As described", "5", "Does what it should, and arrived early."),
    ("Good value", "4", "Well made for the price. I would buy it again."),
    ("It is fine", "3", "Works, but the box was damaged."),
    ("Not for me", "2", "I expected something larger."),
)


@cache
def embedded_catalogue() -> Catalogue:
    """The catalogue, shuffled so that codes say nothing about kinds."""
    return Catalogue(generate_products(SIZE))


def generate_products(size: int, seed: int = 0) -> list[Product]:
    """Products of all kinds in turn, each with another title, shuffled."""
    rng = Random(f"embedded {seed}")
    codes = [f"P{number}" for number in rng.sample(range(10_000, 10_000 + 10 * size), size)]
    kinds = [(group, kind) for group in GROUPS for kind in group.kinds]
    titles: set[str] = set()
    products = []
    for number, code in enumerate(codes):
        group, kind = kinds[number % len(kinds)]
        products.append(_product(rng, code, group, kind, titles))
    rng.shuffle(products)
    return products


def reworded(instruction: str) -> str:
    """A request of the embedded shop in the words of the shift phrasing."""
    for usual, new in _REWORDED.items():
        instruction = instruction.replace(usual, new, 1)
    return instruction


def _product(rng: Random, code: str, group: Group, kind: str, titles: set[str]) -> Product:
    adjectives, features = rng.sample(group.adjectives, 2), rng.sample(group.features, 2)
    start = f"{adjectives[0]} {kind}, {features[0]}".title()
    for number in count(1):
        title = f"{rng.choice(_BRANDS)}{f' Mk{number}' if number > len(_BRANDS) else ''} {start}"
        if title not in titles:
            break
    titles.add(title)
    low, high = group.kinds[kind]
    price = _round(rng.uniform(low, high))
    prices = (price, _round(price * 1.25)) if rng.random() < 0.08 else (price,)
    asked = [adjectives[0], features[0]]
    if rng.random() < 0.4:
        asked.append(rng.choice((adjectives[1], features[1])))
    return Product(
        code=code,
        title=title,
        description=f"A {kind} for every day: {', '.join(adjectives)}.",
        bullets=(
            f"{adjectives[1]} and made to last".capitalize(),
            f"Comes with {' and '.join(features)}",
            f"A favorite in our {group.name} range",
        ),
        category=group.category,
        query=kind,
        levels=" › ".join((group.category, group.name, kind)).title(),
        prices=prices,
        options={name: _values(rng, name) for name in group.options},
        attributes=(*adjectives, *features),
        reviews=tuple(Review(*r) for r in rng.sample(_REVIEWS, rng.choice((0, 1, 1, 2)))),
        instruction=_instruction(rng, kind, asked, group),
        asked=tuple(asked),
    )


def _instruction(rng: Random, kind: str, asked: list[str], group: Group) -> str:
    named = [word for word in asked if word in group.adjectives]
    having = [word for word in asked if word in group.features]
    thing = f"{', '.join(named)} {kind}"
    article = "an" if thing[0] in "aeio" else "a"
    return rng.choice(_OPENINGS).format(f"{article} {thing} that has {' and '.join(having)}")


def _values(rng: Random, name: str) -> tuple[str, ...]:
    pool = COLOURS if name == "color" else OPTIONS[name]
    chosen = set(rng.sample(pool, rng.randint(2, min(4, len(pool)))))
    return tuple(value for value in pool if value in chosen)


def _round(price: float) -> float:
    return round(int(price) + 0.99, 2)
