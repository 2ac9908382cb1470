"""ValidTools: were only tools called that exist?"""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_toolkit.added_by_turns import added_by_turns

__all__ = ["ValidTools"]


class ValidTools(RewardTerm):
    """1 if no call names a tool that does not exist, else 0.

    No call at all scores 1, as in the paper (arXiv 2510.18383). Calls that could not be parsed do
    not count: see `format`. Per turn: -1 for the first turn that calls an unknown tool, 0
    elsewhere.
    """

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        return float(all(call.failure != "unknown_tool" for call in trajectory.calls))

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        return added_by_turns(self, trajectory, task, references)
