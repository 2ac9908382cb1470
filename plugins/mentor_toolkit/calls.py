"""Calls that are the same, and the turns that two episodes of one task have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from mentor_core.contracts.trajectory import Call, Trajectory, Turn

__all__ = ["as_text", "common_turns", "first_difference", "same_call", "written"]


def same_call(ours: Call, theirs: Call) -> bool:
    """True if two calls are the same to the environment, or have the same name and arguments."""
    if ours.key is not None and ours.key == theirs.key:
        return True
    return written(ours) == written(theirs)


def written(call: Call) -> str:
    """Name and arguments as text, equal for calls that were written with the same values."""
    return as_text([call.name, call.arguments])


def as_text(value: Any) -> str:
    """A JSON value as text: 2.0 is 2, and the order of keys does not count."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Any) -> Any:
    """The value with whole floats as integers: 2.0 is 2, as in a JSON schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value


def common_turns(some: Sequence[Turn], others: Sequence[Turn]) -> int:
    """Number of turns at the start that make the same calls, with the same success.

    A turn without a call ends the count: answers are compared by the environment, not here.
    """
    count = 0
    for one, other in zip(some, others, strict=False):
        if not one.calls or not _same_calls(one, other):
            break
        count += 1
    return count


def first_difference(
    own: Trajectory, references: Iterable[Trajectory]
) -> tuple[int, Trajectory] | None:
    """Number of turns as in the nearest reference, and that reference; None without references."""
    found = [(common_turns(own.turns, other.turns), other) for other in references]
    return max(found, key=lambda pair: pair[0], default=None)


def _same_calls(one: Turn, other: Turn) -> bool:
    return len(one.calls) == len(other.calls) and all(
        same_call(ours, theirs) and ours.failure == theirs.failure
        for ours, theirs in zip(one.calls, other.calls, strict=True)
    )
