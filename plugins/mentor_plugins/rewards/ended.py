"""Ended: did the policy end its last turn itself?"""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Ended"]


class Ended(RewardTerm):
    """1 if the last turn is complete; 0 if the turn ran out of tokens, or if there is no turn.

    Source: the end-of-turn check of MENTOR's reward, arXiv 2510.18383.
    """

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        return float(bool(trajectory.turns) and trajectory.turns[-1].complete)
