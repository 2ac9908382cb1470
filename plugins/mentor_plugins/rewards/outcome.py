"""Outcome: is the task solved?"""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Outcome"]


class Outcome(RewardTerm):
    """The result of the environment's `verify`, in [0, 1]; None if not verified."""

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        return trajectory.outcome
