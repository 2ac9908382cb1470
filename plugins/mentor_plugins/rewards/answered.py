"""Answered: did the episode come to an answer?"""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Answered"]


class Answered(RewardTerm):
    """1 if there is a final answer that is not blank, else 0.

    If the environment ends the episode by its own rules (end reason `finished`: a purchase, say),
    the final action is the answer.

    Source: the answer check of MENTOR's reward, arXiv 2510.18383.
    """

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        answered = trajectory.answer is not None and bool(trajectory.answer.strip())
        return float(answered or trajectory.end == "finished")
