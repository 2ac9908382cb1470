"""A scripted customer: searches, opens a fitting product, chooses the options and buys.

The customer decides with the shop's internal data, but acts through `search` and `click` only.
Words of the goal are searched first, and then the product's title.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.trajectory import Call
from mentor_envs.webshop.catalogue import Product
from mentor_envs.webshop.goals import Goal
from mentor_envs.webshop.pages import PAGE_SIZE
from mentor_envs.webshop.shop import Shop

__all__ = ["plan", "play"]


class _Find(NamedTuple):
    """A hit that earns the whole reward, and the options that it needs.

    `unseen` counts the attributes that the titles on the results page do not show.
    """

    keywords: str
    rank: int
    unseen: int
    position: int
    options: dict[str, str]

    def cost(self) -> tuple[int, int]:
        """Number of pages to turn, then number of attributes that the titles do not show."""
        return self.rank // PAGE_SIZE, self.unseen


def plan(shop: Shop, goal: Goal) -> list[Call] | None:
    """A short purchase that earns the whole reward; None if no search finds one."""
    best: _Find | None = None
    for keywords in _keywords(shop, goal):
        finds = [*_finds(shop, goal, keywords), *([best] if best else [])]
        best = min(finds, key=_Find.cost, default=None)
        if best is not None and best.rank < PAGE_SIZE:
            break
    if best is None:
        return None
    labels = {
        (name, value): label
        for name, pairs in shop.visits.layout(best.position).options
        for label, value in pairs
    }
    clicks = ["next >"] * (best.rank // PAGE_SIZE)
    clicks.append(shop.catalogue.products[best.position].code.lower())
    clicks += [labels[option] for option in best.options.items()]
    calls = [Call("search", {"keywords": best.keywords})]
    return calls + [Call("click", {"target": label}) for label in (*clicks, "buy now")]


def play(calls: list[Call]) -> Expert:
    """One call a turn."""
    for call in calls:
        yield "", [call]


def _keywords(shop: Shop, goal: Goal) -> Iterator[str]:
    position = shop.catalogue.position(goal.code)
    assert position is not None, goal
    product = shop.catalogue.products[position]
    wanted = " ".join([*goal.attributes, product.query])
    yield wanted
    yield " ".join([wanted, *(value for _, value in goal.options)])
    yield product.title


def _finds(shop: Shop, goal: Goal, keywords: str) -> Iterator[_Find]:
    for rank, position in enumerate(shop.visits.find(keywords)):
        product = shop.catalogue.products[position]
        options = _choose(shop, position, product, goal)
        if options is not None:
            title = product.title.lower()
            unseen = sum(attribute not in title for attribute in goal.attributes)
            yield _Find(keywords, rank, unseen, position, options)


def _choose(shop: Shop, position: int, product: Product, goal: Goal) -> dict[str, str] | None:
    """The options to choose; None if no choice earns the whole reward."""
    options: dict[str, str] = {}
    for name, value in goal.options:
        names = [name] if name in product.options else list(product.options)
        for own in names:
            if own not in options and value in product.options[own]:
                options[own] = value
                break
    return options if shop.score(position, options, goal).reward == 1.0 else None
