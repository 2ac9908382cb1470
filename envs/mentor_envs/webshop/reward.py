"""WebShop's reward of a purchase, in [0, 1].

    r = r_type · (attributes matched + options matched + [price ≤ bound])
               / (number of attributes + number of options + 1)

Source: `web_agent_site/engine/goal.py` of WebShop (Yao et al. 2022, arXiv 2207.01206).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial

from mentor_envs.webshop.catalogue import Product
from mentor_envs.webshop.colours import known_colour, normalise_colour
from mentor_envs.webshop.goals import Goal

__all__ = ["Score", "score_purchase", "similar"]

_SIMILAR = 85
_NOT_ASCII = dict.fromkeys(range(128, 256))  # thefuzz drops these before it compares

Nouns = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Score:
    """A purchase's reward and its parts.

    Attributes:
        kind: factor for the kind of product: 1, 0.5, 0.1 or 0.
        attributes, options: number of the goal's attributes and options that match.
        affordable: true if the price is within the bound.
        reward: the whole reward.
    """

    kind: float
    attributes: int
    options: int
    affordable: bool
    reward: float


def score_purchase(
    bought: Product,
    price: float,
    chosen: Iterable[str],
    goal: Goal,
    wanted: Product,
    nouns: Nouns,
    compat: bool = False,
) -> Score:
    """Score a purchase.

    Args:
        bought: the product that was bought.
        price: price of the product, in dollars.
        chosen: values of the options that were chosen.
        goal: the customer's goal.
        wanted: the product that the goal was made from.
        nouns: the nouns of a title, as often as they occur.
        compat: compare a synthetic goal's options by name and value, as the original does. A colour
            with a longer name is then not normalised, and cannot always match.
    """
    kind = _kind(bought, wanted, nouns)
    attributes = sum(_has(bought, attribute) for attribute in goal.attributes)
    values = [normalise_colour(value) for value in chosen]
    options = 0
    for name, value in goal.options:
        sought = _pair(name, value) if compat and name else normalise_colour(value)
        options += any(similar(of, sought) for of in values)
    affordable = price <= goal.price_upper
    total = len(goal.attributes) + len(goal.options) + 1
    reward = kind * ((attributes + options + affordable) / total)
    return Score(kind, attributes, options, affordable, reward)


@lru_cache(maxsize=65_536)
def similar(a: str, b: str) -> bool:
    """True if `thefuzz.fuzz.token_set_ratio` of the two is above 85."""
    return round(_ratio()(a.translate(_NOT_ASCII), b.translate(_NOT_ASCII))) > _SIMILAR


@cache
def _ratio() -> Callable[[str, str], float]:
    from rapidfuzz.fuzz import token_set_ratio
    from rapidfuzz.utils import default_process

    return partial(token_set_ratio, processor=default_process)


def _kind(bought: Product, wanted: Product, nouns: Nouns) -> float:
    sought = nouns(wanted.title)
    shared = len(set(sought) & set(nouns(bought.title)))
    overlap = shared / len(sought) if sought else 0.2
    if overlap == 0:
        return 0.0
    if overlap < 0.1:
        return 0.1
    same_query = bought.query == wanted.query
    same_levels = len(_levels(bought) & _levels(wanted)) >= 2
    return 1.0 if same_query or same_levels or overlap > 0.2 else 0.5


def _levels(product: Product) -> set[str]:
    return {level.strip() for level in product.levels.split("›")}


def _has(product: Product, attribute: str) -> bool:
    return (
        any(similar(own, attribute) for own in product.attributes)
        or attribute in product.title.lower()
        or attribute in " ".join(product.bullets).lower()
        or attribute in product.description.lower()
    )


def _pair(name: str, value: str) -> str:
    """The original's text for comparison: the pair as Python writes it, unless it has a colour."""
    return known_colour((name, value)) or str((name, value))
