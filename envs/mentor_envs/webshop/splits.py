"""Splits: divide goals between train, eval and ood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from random import Random

from mentor_core.contracts.task import Split
from mentor_envs.webshop.catalogue import Catalogue
from mentor_envs.webshop.goals import Goal

__all__ = ["split_embedded", "split_files"]

_TEST, _DEVELOPMENT = 500, 1000
_ENOUGH = 2 * (_TEST + _DEVELOPMENT)
_EVAL_GOALS, _OOD_GOALS, _EACH = 128, 64, 2


def split_files(
    catalogue: Catalogue, goals: list[Goal], ood: Collection[str]
) -> Mapping[Split, list[Goal]]:
    """WebShop's own split: goals 0 to 499 are its test set, 500 to 1,499 its development set.

    Test is eval, development is unused, the rest is train. If there are fewer than 3,000 goals, the
    first tenth is eval and the rest train. Goals of the `ood` categories are ood.
    """
    rest, held = _without(catalogue, goals, ood)
    if len(rest) >= _ENOUGH:
        return {"eval": rest[:_TEST], "train": rest[_TEST + _DEVELOPMENT :], "ood": held}
    n_eval = -(-len(rest) // 10)
    return {"eval": rest[:n_eval], "train": rest[n_eval:], "ood": held}


def split_embedded(
    catalogue: Catalogue, goals: Iterable[Goal], ood: Collection[str], seed: int
) -> Mapping[Split, list[Goal]]:
    """Eval has products that train never asks for; ood has categories that train never asks for.

    128 goals are eval and 64 ood, one a product; every other product has two goals in train.
    """
    rng = Random(f"splits {seed}")
    rest, held = (_sample(part, rng) for part in _without(catalogue, goals, ood))
    return {
        "eval": [rng.choice(of) for of in rest[:_EVAL_GOALS]],
        "train": [goal for of in rest[_EVAL_GOALS:] for goal in of],
        "ood": [rng.choice(of) for of in held[:_OOD_GOALS]],
    }


def _without(
    catalogue: Catalogue, goals: Iterable[Goal], ood: Collection[str]
) -> tuple[list[Goal], list[Goal]]:
    rest: list[Goal] = []
    held: list[Goal] = []
    category = {product.code: product.category for product in catalogue.products}
    for goal in goals:
        (held if category[goal.code] in ood else rest).append(goal)
    return rest, held


def _sample(goals: Iterable[Goal], rng: Random) -> list[list[Goal]]:
    """At most two goals of each product, the products in random order."""
    of_product = defaultdict(list)
    for goal in goals:
        of_product[goal.code].append(goal)
    products = list(of_product.values())
    rng.shuffle(products)
    return [rng.sample(of, min(_EACH, len(of))) for of in products]
