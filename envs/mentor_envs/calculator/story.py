"""Stories: the beginning and the changes of a running quantity, with the chain of calls.

In train and eval every quantity that someone has is a whole number from 1 to 999. Fractions and
negative numbers occur only between two calls that belong together: divide and floor, divide and
ceil, subtract and abs_value.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mentor_envs.calculator.chain import ZERO, Chain, Quantity
from mentor_envs.calculator.phrasing import ITEMS, PHRASES

__all__ = ["LARGER", "OOD", "TRAIN", "Ranges", "RejectedSample", "Story", "Style"]


@dataclass(frozen=True, slots=True)
class Ranges:
    """The numbers that a split uses; all ranges are inclusive.

    Attributes:
        quantities: amounts that people have, get and lose.
        factors: numbers of bags, parts, times.
        edges: side of a square or cube.
        doublings: number of times that a quantity doubles.
        largest: most that anyone in a story has.
        listed: number of numbers in a list.
    """

    quantities: tuple[int, int]
    factors: tuple[int, int]
    edges: tuple[int, int]
    doublings: tuple[int, int]
    largest: int
    listed: tuple[int, int]


TRAIN = Ranges((2, 60), (2, 9), (2, 9), (2, 4), 999, (3, 4))
LARGER = Ranges((61, 99), (10, 12), (10, 12), (5, 5), 1999, (3, 4))
OOD = Ranges((100, 999), (11, 25), (11, 31), (5, 7), 99_999, (4, 5))


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a split's stories.

    Attributes:
        ranges: ranges of the numbers.
        phrasing: true for sentences that train never uses.
        paired: true for stories in which at least one sentence takes two calls, and all sentences
            are about one person. Such a story says no more than a story of train with one call
            less.
    """

    ranges: Ranges = TRAIN
    phrasing: bool = False
    paired: bool = False


class RejectedSample(Exception):
    """No event of the wanted length fits. Draw again."""


@dataclass(slots=True)
class Story:
    """The changing possessions of one person, told sentence by sentence.

    Attributes:
        others: people whom the story may mention but who are not asked about.
    """

    random: random.Random
    style: Style
    chain: Chain
    who: str
    others: Sequence[str]
    item: str
    quantity: Quantity = ZERO
    sentences: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @property
    def ranges(self) -> Ranges:
        return self.style.ranges

    def draw(self, bounds: tuple[int, int]) -> int:
        return self.random.randint(*bounds)

    def say(self, kind: str, **fields: object) -> None:
        phrases = PHRASES[kind].ood if self.style.phrasing else PHRASES[kind].train
        other, third = self.random.sample(self.others, 2)
        known = {"who": self.who, "other": other, "third": third, "item": self.item}
        self.sentences.append(self.random.choice(phrases).format(**{**known, **fields}))

    def tell(self, steps: int) -> None:
        """Tell the beginning and the events, in exactly `steps` calls.

        Raises:
            RejectedSample: no event that fits is left.
        """
        end = len(self.chain.steps) + steps
        openings = [opening for cost in range(steps + 1) for opening in _OPENINGS.get(cost, ())]
        self.random.choice(openings)(self)
        self._check()
        while (left := end - len(self.chain.steps)) > 0:
            events = [
                event
                for cost in range(1, left + 1)
                for event in _EVENTS.get(cost, ())
                if event.__name__ not in self.used
            ]
            self.random.shuffle(events)
            for event in events:
                if event(self):
                    self.used.add(event.__name__)
                    break
            else:
                raise RejectedSample
            self._check()

    def _check(self) -> None:
        value = self.quantity.value
        if not (value.is_integer() and 1 <= value <= self.ranges.largest):
            raise RejectedSample

    # How it begins; each sets the quantity.

    def has(self) -> None:
        self._has(self.draw(self.ranges.quantities))

    def row(self) -> None:
        self._has(self.draw(self.ranges.edges) ** 2)
        self.sqrt()
        self.used.add("sqrt")

    def bags(self) -> None:
        k, n = self.draw(self.ranges.factors), self.draw(self.ranges.quantities)
        self.quantity = self.chain.call("multiply", a=k, b=n)
        self.say("bags", k=k, n=n)

    def finds(self) -> None:
        numbers = [self.draw(self.ranges.quantities) for _ in range(self.draw(self.ranges.listed))]
        self.quantity = self.chain.call("sum_numbers", numbers=numbers)
        self.say("finds", numbers=f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}")

    def square(self) -> None:
        n = self.draw(self.ranges.edges)
        self.quantity = self.chain.call("power", base=n, exponent=2)
        self.say("square", n=n)
        self.used.add("sqrt")  # it would undo this

    def cube(self) -> None:
        n = self.draw(self.ranges.edges)
        self.quantity = self.chain.call("power", base=n, exponent=3)
        self.say("cube", n=n)

    def gap(self) -> None:
        n, m = sorted(self.random.sample(range(*self.ranges.quantities), 2))
        self.quantity = self.chain.call("abs_value", x=self.chain.call("subtract", a=n, b=m))
        self.say("gap", n=n, m=m)

    # Events; each returns true if it fits, and then changes the quantity.

    def add(self) -> bool:
        n = self.draw(self.ranges.quantities)
        self.quantity = self.chain.call("add", a=self.quantity, b=n)
        self.say("add", n=n)
        return True

    def subtract(self) -> bool:
        low, high = self.ranges.quantities
        high = min(high, int(self.quantity.value) - 1)
        if high < low:
            return False
        n = self.draw((low, high))
        self.quantity = self.chain.call("subtract", a=self.quantity, b=n)
        self.say("subtract", n=n)
        return True

    def multiply(self) -> bool:
        k = self._factor(lambda k: self.quantity.value * k <= self.ranges.largest)
        return k is not None and self._apply("multiply", k)

    def divide(self) -> bool:
        k = self._factor(lambda k: self.quantity.value % k == 0)
        return k is not None and self._apply("divide", k)

    def modulo(self) -> bool:
        k = self._factor(lambda k: self.quantity.value > k and self.quantity.value % k != 0)
        return k is not None and self._apply("modulo", k)

    def floor(self) -> bool:
        return self._pack("floor", "tickets")

    def ceil(self) -> bool:
        return self._pack("ceil", "boxes")

    def double(self) -> bool:
        k = self.draw(self.ranges.doublings)
        if self.quantity.value * 2**k > self.ranges.largest:
            return False
        growth = self.chain.call("power", base=2, exponent=k)
        self.quantity = self.chain.call("multiply", a=self.quantity, b=growth)
        self.say("double", k=k)
        return True

    def round_number(self) -> bool:
        if self.quantity.value < 10 or self.quantity.value % 10 in (0, 5):
            return False
        self.quantity = self.chain.call("round_number", x=self.quantity, digits=-1)
        self.say("round_number")
        return True

    def sqrt(self) -> bool:
        value = int(self.quantity.value)
        if value < 4 or math.isqrt(value) ** 2 != value:
            return False
        self.quantity = self.chain.call("sqrt", x=self.quantity)
        self.say("sqrt")
        return True

    def _has(self, n: int) -> None:
        self.quantity = Quantity(float(n), n)
        self.say("has", n=n)

    def _factor(self, fits: Callable[[int], bool]) -> int | None:
        low, high = self.ranges.factors
        fitting = [k for k in range(low, high + 1) if fits(k)]
        return self.random.choice(fitting) if fitting else None

    def _apply(self, name: str, k: int) -> bool:
        self.quantity = self.chain.call(name, a=self.quantity, b=k)
        self.say(name, k=k)
        return True

    def _pack(self, name: str, item: str) -> bool:
        """Packs of k: number of full packs (floor), or of packs needed (ceil)."""
        k = self._factor(lambda k: self.quantity.value > k and self.quantity.value % k != 0)
        if k is None or self.item not in ITEMS:
            return False
        self.quantity = self.chain.call(name, x=self.chain.call("divide", a=self.quantity, b=k))
        self.say(name, k=k)
        self.item = item
        return True


_OPENINGS: dict[int, list[Callable[[Story], None]]] = {
    0: [Story.has] * 4,  # the plain one is the most frequent
    1: [Story.bags, Story.finds, Story.square, Story.cube, Story.row],
    2: [Story.gap],
}
_EVENTS: dict[int, list[Callable[[Story], bool]]] = {
    1: [
        Story.sqrt,
        Story.add,
        Story.subtract,
        Story.multiply,
        Story.divide,
        Story.modulo,
        Story.round_number,
    ],
    2: [Story.floor, Story.ceil, Story.double],
}
