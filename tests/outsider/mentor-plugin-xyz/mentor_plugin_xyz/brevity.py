"""Brevity: the fewer turns, the better."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from mentor_core import RewardTerm, Task, Trajectory


class Brevity(RewardTerm):
    """1 up to `turns` turns, less in proportion beyond; None without turns."""

    turns: int = Field(2, gt=0, description="turns that cost nothing")

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        return min(1.0, self.turns / len(trajectory.turns)) if trajectory.turns else None
