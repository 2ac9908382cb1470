"""Goals: the customers' wishes, as WebShop draws them from a catalogue.

A synthetic goal is a product's instruction with one of the combinations of its options; people
wrote the others. Both end with a price bound. Two of the next four values of 10, 20 … 990 dollars
above the product's price are drawn; the higher one is the bound. Every draw depends on the seed and
the product alone. (The original draws before it seeds, so that no two processes have the same
goals.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as combinations
from random import Random
from typing import Any

from mentor_core.contracts.task import Task
from mentor_core.support.errors import DataError, nearest
from mentor_envs.webshop.catalogue import Catalogue, Product

__all__ = ["Goal", "human_goals", "in_order", "synthetic_goals"]

_BOUNDS = [10.0 * i for i in range(1, 100)]
_NO_BOUND = 1_000_000.0
_SHUFFLE = 233  # with which WebShop orders its goals, so that number 0 is the same everywhere


@dataclass(frozen=True, slots=True)
class Goal:
    """A wish that a purchase is scored against.

    Attributes:
        id: the product's code, and the number of the goal among the product's goals.
        code: the product that the goal was made from; other products may fit as well.
        text: the instruction.
        attributes: at least one.
        options: (name, value) pairs; the name is "" if a person wrote the goal.
        price_upper: most that the product may cost, in dollars.
    """

    id: str
    code: str
    text: str
    attributes: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    price_upper: float = _NO_BOUND

    def metadata(self) -> dict[str, Any]:
        """The goal as a task's metadata: plain JSON."""
        return {
            "product": self.code,
            "attributes": list(self.attributes),
            "options": [list(option) for option in self.options],
            "price_upper": self.price_upper,
        }

    @classmethod
    def of(cls, task: Task) -> Goal:
        """The goal in a task's metadata.

        Raises:
            DataError: a key is missing, or has a value that `metadata` never writes.
        """
        values: Mapping[str, Any] = task.metadata
        try:
            return cls(
                task.id,
                str(values["product"]),
                task.prompt,
                tuple(map(str, values["attributes"])),
                tuple((str(name), str(value)) for name, value in values["options"]),
                float(values["price_upper"]),
            )
        except KeyError as error:
            key = str(error.args[0])
            raise DataError(
                f"task {task.id!r}: no {key!r} in its metadata{nearest(key, values)}"
            ) from None
        except (TypeError, ValueError) as error:
            raise DataError(f"task {task.id!r}: its metadata is no goal: {error}") from None


def synthetic_goals(catalogue: Catalogue, seed: int) -> Iterator[Goal]:
    """A goal for each product with an instruction and each combination of its options.

    Option names are in alphabetical order. A product with an instruction that asks for no
    attribute has no goal.
    """
    for product in catalogue.products:
        if product.instruction is None or not product.asked:
            continue
        bound, ending = _price_bound(catalogue, product, 0, seed)
        names = sorted(product.options)
        for number, values in enumerate(combinations(*(product.options[name] for name in names))):
            options = tuple(zip(names, values, strict=True))
            wanted = ", and ".join(f"{name}: {value}" for name, value in options)
            text = f"{product.instruction}{' with ' if wanted else ''}{wanted}{ending}"
            yield Goal(
                f"{product.code}-{number}", product.code, text, product.asked, options, bound
            )


def human_goals(catalogue: Catalogue, seed: int) -> Iterator[Goal]:
    """A goal for each written instruction that asks for an attribute."""
    for product in catalogue.products:
        for number, written in enumerate(product.written):
            if written.attributes:
                bound, ending = _price_bound(catalogue, product, number, seed)
                yield Goal(
                    f"{product.code}-{number}",
                    product.code,
                    written.text.strip(".") + ending,
                    written.attributes,
                    tuple(("", value) for value in written.options),
                    bound,
                )


def in_order(goals: Sequence[Goal]) -> list[Goal]:
    """The goals in WebShop's order: shuffled, and always the same way for the same number."""
    shuffled = list(goals)
    Random(_SHUFFLE).shuffle(shuffled)
    return shuffled


def _price_bound(
    catalogue: Catalogue, product: Product, number: int, seed: int
) -> tuple[float, str]:
    """The bound, and the instruction's words for it."""
    price = catalogue.price(product, seed)
    above = [bound for bound in _BOUNDS if bound > price][:4]
    if len(above) < 2:
        return _NO_BOUND, ""
    bound = max(Random(f"bound {seed} {product.code} {number}").sample(above, 2))
    return bound, f", and price lower than {bound:.2f} dollars"
