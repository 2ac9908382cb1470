"""Catalogue: the products of a shop, with their instructions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from mentor_core.support.errors import DataError

__all__ = ["Catalogue", "Product", "Review", "Written"]

NO_PRICE = (100.0,)
"""Price of a product without a price, in dollars: WebShop's rule."""


@dataclass(frozen=True, slots=True)
class Review:
    """One review; `score` is shown as it is written (5.0, say)."""

    title: str
    score: str
    body: str


@dataclass(frozen=True, slots=True)
class Written:
    """An instruction that a person wrote for a product; options are values without names."""

    text: str
    attributes: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """One product. Texts are as they are shown; option names and values are in lower case.

    Attributes:
        code: the label that opens the product (WebShop's ASIN); unique in a catalogue.
        bullets: the list on the features page.
        query: the search that found the product, in lower case: its kind.
        levels: path in the shop's tree, with " › " between the levels.
        prices: one price in dollars, or the lowest and the highest.
        options: name → values, in the order of the page.
        attributes: known properties; never shown.
        instruction: the text of synthetic goals, which ask for `asked`; None: there are none.
        written: goals that people wrote for the product.
    """

    code: str
    title: str
    description: str
    bullets: tuple[str, ...]
    category: str
    query: str
    levels: str
    prices: tuple[float, ...] = NO_PRICE
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    reviews: tuple[Review, ...] = ()
    instruction: str | None = None
    asked: tuple[str, ...] = ()
    written: tuple[Written, ...] = ()

    @property
    def price_tag(self) -> str:
        """The price as the pages show it."""
        return " to ".join(f"${price}" for price in self.prices)

    @property
    def contents(self) -> str:
        """The text that is indexed: title, description, first bullet and options."""
        options = ", and ".join(f"{name}: {', '.join(of)}" for name, of in self.options.items())
        return " ".join([self.title, self.description, self.bullets[0], options]).lower()


class Catalogue:
    """Products in their order, found by code in any case. Read-only, so that instances share one.

    Raises:
        DataError: there is no product, or two have one code.
    """

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = tuple(products)
        self._positions = {product.code.lower(): i for i, product in enumerate(self.products)}
        if not self.products:
            raise DataError("the catalogue has no product")
        if len(self._positions) < len(self.products):
            raise DataError("two products of the catalogue have the same code")

    def position(self, code: str) -> int | None:
        """The position of the product of this code; None if there is none."""
        return self._positions.get(code.lower())

    def price(self, product: Product, seed: int) -> float:
        """The price of the product; drawn between the lowest and the highest price if there are
        two.

        The draw depends on the seed and the product alone.
        """
        if len(product.prices) == 1:
            return product.prices[0]
        return Random(f"price {seed} {product.code}").uniform(*product.prices)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The categories, sorted."""
        return tuple(sorted({product.category for product in self.products}))
