"""Splits: divide goals between train, eval and ood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from random import Random

from mentor_core.contracts.task import Split
from mentor_envs.webshop.catalogue import Catalogue
from mentor_envs.webshop.embedded import reworded
from mentor_envs.webshop.goals import Goal

__all__ = ["split_embedded", "split_files"]

_TEST, _DEVELOPMENT = 500, 1000
_ENOUGH = 2 * (_TEST + _DEVELOPMENT)
_GOALS, _EACH = 128, 2


def split_files(
    catalogue: Catalogue, goals: list[Goal], unseen: Collection[str]
) -> Mapping[Split, list[Goal]]:
    """WebShop's own split: goals 0 to 499 are its test set, 500 to 1,499 its development set.

    The test set is eval, the development set is unused, and the rest is train. With fewer than
    3,000 goals, the first tenth is eval and the rest train. Goals of the `unseen` categories are in
    the shift domain.
    """
    rest, held = _without(catalogue, goals, unseen)
    if len(rest) >= _ENOUGH:
        return {"eval": rest[:_TEST], "train": rest[_TEST + _DEVELOPMENT :], "domain": held}
    n_eval = -(-len(rest) // 10)
    return {"eval": rest[:n_eval], "train": rest[n_eval:], "domain": held}


def split_embedded(
    catalogue: Catalogue, goals: Iterable[Goal], unseen: Collection[str], seed: int
) -> Mapping[Split, list[Goal]]:
    """Eval has products, and the shift domain categories, that train never asks for.

    Eval and domain have 128 goals each, of 128 different products. Train has at most two goals of
    each other product. The shift phrasing has eval's requests in other words.
    """
    rng = Random(f"splits {seed}")
    rest, held = (_sample(part, rng) for part in _without(catalogue, goals, unseen))
    evaluated = [rng.choice(of) for of in rest[:_GOALS]]
    return {
        "eval": evaluated,
        "train": [goal for of in rest[_GOALS:] for goal in of],
        "domain": [rng.choice(of) for of in held[:_GOALS]],
        "phrasing": [
            replace(goal, id=f"phrasing-{goal.id}", text=reworded(goal.text)) for goal in evaluated
        ],
    }


def _without(
    catalogue: Catalogue, goals: Iterable[Goal], unseen: Collection[str]
) -> tuple[list[Goal], list[Goal]]:
    rest: list[Goal] = []
    held: list[Goal] = []
    category = {product.code: product.category for product in catalogue.products}
    for goal in goals:
        (held if category[goal.code] in unseen else rest).append(goal)
    return rest, held


def _sample(goals: Iterable[Goal], rng: Random) -> list[list[Goal]]:
    """At most two goals of each product, the products in random order."""
    of_product = defaultdict(list)
    for goal in goals:
        of_product[goal.code].append(goal)
    products = list(of_product.values())
    rng.shuffle(products)
    return [rng.sample(of, min(_EACH, len(of))) for of in products]
