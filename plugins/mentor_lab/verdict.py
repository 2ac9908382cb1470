"""Verdict: the result of checking a promise, and the example that breaks the promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Problem", "Property", "Untested", "Verdict"]

Subject = TypeVar("Subject")
Sample = TypeVar("Sample")


class Untested(Exception):
    """An example that says nothing about a property; its text may say why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A promise that is not kept, and the example that shows this; its `str` is for a person."""

    text: str
    example: Any = ""


@dataclass(frozen=True, slots=True)
class Property(Generic[Subject, Sample]):
    """A promise, as a word and as a sentence, and its check on one example.

    `check` returns None if the promise is kept, else a `Problem`. `check` raises `Untested` if the
    example cannot tell.
    """

    name: str
    promise: str
    check: Callable[[Subject, Sample], Problem | None]


@dataclass(slots=True)
class Verdict:
    """The result for one property.

    Attributes:
        tested: number of examples that could tell.
        problem: a counter-example; None if there is none.
        why_untested: why an example could not tell; may be empty.
    """

    property: str
    promise: str
    tested: int = 0
    problem: Problem | None = None
    why_untested: str = ""

    def __str__(self) -> str:
        if self.problem is None:
            why = f" ({self.why_untested})" if self.why_untested else ""
            return f"{self.property}: {'holds' if self.tested else f'not tested{why}'}"
        return f"{self.property}: {self.problem.text}\n{self.problem.example}"
