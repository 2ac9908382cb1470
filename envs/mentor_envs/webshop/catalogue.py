"""What a shop has: products, and the instructions that come with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from mentor_core.support.errors import DataError

__all__ = ["Catalogue", "Product", "Review", "Written"]

NO_PRICE = (100.0,)
"""What a product without a price costs, in dollars: WebShop's rule."""


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
        code: what is clicked to open it (WebShop's ASIN); unique in a catalogue.
        bullets: the list on the features page.
        query: the search under which it was found, in lower case: its kind.
        levels: its path in the shop's tree, " › " between the levels.
        prices: one price in dollars, or the lowest and the highest.
        options: name → values, in the order of the page.
        attributes: what it is known to be; never shown.
        instruction: the text of its synthetic goals, which ask for `asked`; None: it has none.
        written: goals that people wrote for it.
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
    """Products in their order, found by code whatever its case. Read-only: instances share it.

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
        """Where the product of this code stands; None where there is none."""
        return self._positions.get(code.lower())

    def price(self, product: Product, seed: int) -> float:
        """What the product costs; drawn between its lowest and highest price where it has two.

        The draw depends on the seed and the product alone, whatever else the catalogue holds.
        """
        if len(product.prices) == 1:
            return product.prices[0]
        return Random(f"price {seed} {product.code}").uniform(*product.prices)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The categories, sorted."""
        return tuple(sorted({product.category for product in self.products}))
