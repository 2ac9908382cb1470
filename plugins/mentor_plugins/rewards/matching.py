"""Matching, for reward terms: equality of two calls, and similarity of two values."""

from __future__ import annotations

from typing import Any

from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_toolkit.numbers import close

__all__ = ["same_call", "similarity", "succeeded"]


def succeeded(trajectory: Trajectory) -> list[Call]:
    """The calls that were carried out, in order."""
    return [call for call in trajectory.calls if call.failure is None]


def same_call(left: Call, right: Call, tolerance: float) -> bool:
    """True if two calls mean the same.

    They do if the environment's canonical keys are equal. They also do if the names are equal and
    the `similarity` of the arguments is 1, as keys ignore the tolerance.
    """
    if left.key is not None and left.key == right.key:
        return True
    if left.name != right.name:
        return False
    return similarity(left.arguments, right.arguments, tolerance) == 1.0


def similarity(left: Any, right: Any, tolerance: float) -> float:
    """How alike two JSON values are, in [0, 1]; 1 only if they are equal.

    - Numbers are equal within the relative `tolerance`, 2 and 2.0 are equal; true is not 1.
    - Strings are equal but for white space around them.
    - Lists: the sum of the elements' similarities, place by place, over the longer length.
    - Objects: F1 over the key-value pairs; a common key counts by its values' similarity.
    """
    if isinstance(left, dict) and isinstance(right, dict):
        if not left and not right:
            return 1.0
        shared = sum(similarity(left[k], right[k], tolerance) for k in left if k in right)
        return 2 * shared / (len(left) + len(right))
    if isinstance(left, list) and isinstance(right, list):
        if not left and not right:
            return 1.0
        pairs = zip(left, right, strict=False)
        return sum(similarity(a, b, tolerance) for a, b in pairs) / max(len(left), len(right))
    return float(_equal(left, right, tolerance))


def _equal(left: Any, right: Any, tolerance: float) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return close(left, right, tolerance)
    if isinstance(left, str) and isinstance(right, str):
        return left.strip() == right.strip()
    return type(left) is type(right) and bool(left == right)
