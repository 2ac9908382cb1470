"""Chains of calls: the form of a reference solution in a task's metadata.

A chain is a list of steps `{"name": tool, "arguments": {…}}`, and an argument may be `{"step": i}`,
the result of step i (counted from 0). A chain is plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.trajectory import Call
from mentor_envs.calculator.tools import FUNCTIONS

__all__ = ["ZERO", "Chain", "Quantity", "number", "play"]


class Quantity(NamedTuple):
    """A value and a step's reference to the value: the number itself, or `{"step": i}`."""

    value: float
    written: float | int | dict[str, int]


ZERO = Quantity(0, 0)


@dataclass(slots=True)
class Chain:
    """A chain under construction; `call` executes each step, so that its value is known."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    def call(
        self, name: str, **arguments: Quantity | float | Sequence[Quantity | float]
    ) -> Quantity:
        """Append a step and return its result.

        Raises:
            ValueError: the tool refuses the arguments.
        """
        values = {key: _convert(value, "value") for key, value in arguments.items()}
        written = {key: _convert(value, "written") for key, value in arguments.items()}
        value = FUNCTIONS[name](**values)
        self.steps.append({"name": name, "arguments": written})
        return Quantity(value, {"step": len(self.steps) - 1})


def play(steps: Sequence[Mapping[str, Any]]) -> Expert:
    """Play a chain, one call a turn with the results of earlier calls, then answer.

    If a call fails, the generator ends without an answer.
    """
    results: list[float | int] = []
    for step in steps:
        arguments = {key: _resolve(value, results) for key, value in step["arguments"].items()}
        (call,) = yield "", [Call(step["name"], arguments)]
        if call.failure:
            return
        results.append(number(float(call.result)))
    yield f"Answer: {results[-1]}", []


def number(value: float) -> float | int:
    """The value as people write it: whole numbers without a decimal point."""
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _convert(argument: Any, part: str) -> Any:
    match argument:
        case Quantity():
            value: Any = getattr(argument, part)
        case list() | tuple():
            return [_convert(item, part) for item in argument]
        case _:
            value = argument
    return number(value) if part == "written" and isinstance(value, float) else value


def _resolve(written: Any, results: Sequence[float | int]) -> Any:
    match written:
        case {"step": index}:
            return results[index]
        case list():
            return [_resolve(item, results) for item in written]
        case _:
            return written
