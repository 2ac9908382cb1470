"""Brevity: the fewer turns to the right answer, the better."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from mentor_core import RewardTerm, Task, Trajectory


class Brevity(RewardTerm):
    """The outcome, up to `turns` turns; less in proportion beyond. None if not verified."""

    turns: int = Field(2, gt=0, description="turns that cost nothing")

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        if trajectory.outcome is None or not trajectory.turns:
            return None
        return trajectory.outcome * min(1.0, self.turns / len(trajectory.turns))
