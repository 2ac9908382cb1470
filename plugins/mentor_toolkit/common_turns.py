"""Beginnings that two episodes of one task have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mentor_core.contracts.trajectory import Trajectory, Turn

__all__ = ["common_turns", "first_difference"]


def common_turns(some: Sequence[Turn], others: Sequence[Turn]) -> int:
    """Number of turns at the start that make the same calls, with the same success.

    A turn without a call ends the count: answers are compared by the environment, not here.
    """
    count = 0
    for one, other in zip(some, others, strict=False):
        if not one.calls or _calls(one) != _calls(other):
            break
        count += 1
    return count


def first_difference(
    own: Trajectory, references: Iterable[Trajectory]
) -> tuple[int, Trajectory] | None:
    """Number of turns as in the nearest reference, and that reference; None without references."""
    found = [(common_turns(own.turns, other.turns), other) for other in references]
    return max(found, key=lambda pair: pair[0], default=None)


def _calls(turn: Turn) -> list[object]:
    return [(call.key or (call.name, call.arguments), call.failure) for call in turn.calls]
