"""Dependencies: the calls of a reference that have to come after others."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from mentor_core.contracts.trajectory import Call
from mentor_toolkit.numbers import close

__all__ = ["dependencies"]

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def dependencies(calls: Sequence[Call], prompt: str, tolerance: float) -> list[list[set[int]]]:
    """The partial order of a reference's calls.

    A call depends on an earlier one if one of its argument values is that call's result, or part of
    the result. A result that is JSON is compared value by value, inside lists and objects too.
    Values of unclear origin make no dependency:

    - true, false, null, -1, 0, 1 and text of less than two characters;
    - values that the prompt contains, up to the sign of a number;
    - values that were an argument of a call no later than the call that first returned the value.

    If several earlier calls returned the same value, any of them satisfies the dependency.

    Returns:
        For each call its requirements; each is a set of earlier calls (their indices) of which
        one must have been made.
    """
    given = [list(_leaves(call.arguments)) for call in calls]
    returned = [list(_leaves(_read(call.result))) for call in calls]
    known: list[float | str] = []
    for text in _NUMBER.findall(prompt):
        number = float(text.replace(",", ""))
        known += [number, -number]
    required: list[list[set[int]]] = []
    for index in range(len(calls)):
        requirements: list[set[int]] = []
        for value in given[index]:
            if any(_same(value, other, tolerance) for other in known):
                continue
            if isinstance(value, str) and value in prompt:
                continue
            sources = {
                earlier
                for earlier in range(index)
                if any(_same(value, other, tolerance) for other in returned[earlier])
            }
            if sources and sources not in requirements:
                requirements.append(sources)
            elif not sources:
                known.append(value)
        required.append(requirements)
    return required


def _read(result: str) -> Any:
    try:
        return json.loads(result)
    except (ValueError, RecursionError):
        return result


def _leaves(value: Any) -> Iterator[float | str]:
    """The telling values inside a JSON value; text that is a number counts as that number."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif isinstance(value, str):
        number = _number(value.strip())
        if not isinstance(number, str):
            yield from _leaves(number)
        elif len(number) > 1:
            yield number
    elif (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) not in (0, 1)
    ):
        yield value


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _same(left: float | str, right: float | str, tolerance: float) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return left == right
    return close(left, right, tolerance)
