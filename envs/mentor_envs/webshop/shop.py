"""A shop: catalogue, search engine and goals. A shop is built once for its options and then only
read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from mentor_core.contracts.task import Split
from mentor_core.support.errors import ConfigError, nearest
from mentor_envs.rows import file_version
from mentor_envs.webshop.catalogue import Catalogue
from mentor_envs.webshop.embedded import EMBEDDED_OOD, embedded_catalogue
from mentor_envs.webshop.goals import Goal, human_goals, in_order, synthetic_goals
from mentor_envs.webshop.loading import load_catalogue
from mentor_envs.webshop.nouns import spacy_nouns, title_nouns
from mentor_envs.webshop.reward import Score, score_purchase
from mentor_envs.webshop.search import open_index
from mentor_envs.webshop.splits import split_embedded, split_files
from mentor_envs.webshop.visit import Visits

__all__ = ["Shop", "ShopOptions", "open_shop"]


@dataclass(frozen=True, slots=True)
class ShopOptions:
    """The sources of a shop; see the options of the environment."""

    products: Path | None = None
    attributes: Path | None = None
    human_goals: Path | None = None
    num_products: int | None = None
    ood_categories: tuple[str, ...] | None = None
    seed: int = 0
    nouns: str = "rule"
    compat: bool = False


class Shop:
    """The parts that all episodes share.

    Raises:
        ConfigError: a package is missing, or an `ood_categories` is not in the catalogue.
        DataError: a file cannot be read, or a row of it is broken.
    """

    def __init__(self, options: ShopOptions) -> None:
        self.options = options
        if options.products is None:
            self.catalogue: Catalogue = embedded_catalogue()
        else:
            self.catalogue = load_catalogue(
                options.products, options.attributes, options.human_goals, options.num_products
            )
        ood = () if options.products else EMBEDDED_OOD
        self._ood = ood if options.ood_categories is None else options.ood_categories
        for category in self._ood:
            if category not in self.catalogue.categories:
                known = nearest(category, self.catalogue.categories)
                raise ConfigError(f"ood_categories: no category {category!r}{known}")
        self.nouns = title_nouns
        if options.nouns == "spacy":
            self.nouns = spacy_nouns
            spacy_nouns("")  # it is missing now rather than at the first purchase

    @cached_property
    def visits(self) -> Visits:
        """The pages; the index is opened or built on first use."""
        index = open_index([product.contents for product in self.catalogue.products])
        return Visits(self.catalogue, index.search, self.options.compat)

    @cached_property
    def goals(self) -> Mapping[Split, list[Goal]]:
        """The goals of each split."""
        seed = self.options.seed
        draw = human_goals if self.options.human_goals else synthetic_goals
        goals = draw(self.catalogue, seed)
        if self.options.products is None:
            return split_embedded(self.catalogue, goals, self._ood, seed)
        return split_files(self.catalogue, in_order(list(goals)), self._ood)

    def score(self, position: int, options: Mapping[str, str], goal: Goal) -> Score:
        """The score of buying this product with these options.

        Args:
            position: position of the product.
            options: name → value of the chosen options.
            goal: the customer's goal.
        """
        wanted = self.catalogue.position(goal.code)
        assert wanted is not None, goal
        product = self.catalogue.products[position]
        return score_purchase(
            product,
            self.catalogue.price(product, self.options.seed),
            options.values(),
            goal,
            self.catalogue.products[wanted],
            self.nouns,
            self.options.compat,
        )


def open_shop(options: ShopOptions) -> Shop:
    """The shop of these options; the same object until one of its files changes."""
    files = (options.products, options.attributes, options.human_goals)
    return _open_shop(options, tuple(path and file_version(path) for path in files))


@lru_cache(maxsize=8)
def _open_shop(options: ShopOptions, _versions: tuple[object, ...]) -> Shop:
    return Shop(options)
