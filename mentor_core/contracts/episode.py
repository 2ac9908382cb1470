"""Episode: the record, the seed and the outcome, common to everything that plays episodes."""

from __future__ import annotations

from typing import Any

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import PluginError
from mentor_core.support.scalars import as_float

__all__ = ["begun", "checked_outcome", "reset_seed"]


def begun(task: Task) -> Trajectory:
    """The record of an episode that begins; later steps fill in the other fields."""
    return Trajectory(task_id=task.id, env=task.env)


def reset_seed(seed: int) -> int:
    """The seed for `ToolEnv.reset` in an episode of that seed."""
    return seed % 2**32


def checked_outcome(outcome: Any) -> float | None:
    """An environment's outcome, checked: a number in [0, 1] or None.

    Raises:
        PluginError: the outcome is another value, NaN or 1.5, say.
    """
    number = as_float(outcome)
    if outcome is not None and (number is None or not 0.0 <= number <= 1.0):
        raise PluginError(f"the outcome is {outcome!r}; expected a number in [0, 1] or None")
    return number
