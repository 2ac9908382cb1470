"""Efficiency: was the task solved without more calls than the teacher's?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from mentor_core.contracts.reward import Need, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_plugins.rewards.matching import succeeded

__all__ = ["Efficiency"]


class Efficiency(RewardTerm):
    """1 / (1 + e / max(k, 1)), with e calls beyond the k of a reference that succeeded.

    As many calls as the reference, or fewer, give 1; twice as many 1/2. All calls made count,
    failed ones too; the best reference counts. A trajectory that is not right gets 0, as doing
    nothing would else be the most efficient.

    None without a reference, or if the outcome could not be verified.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"reference"})

    threshold: float = Field(
        1.0, gt=0, le=1, description="outcome from which a trajectory counts as right"
    )

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        if trajectory.outcome is None or not references:
            return None
        if trajectory.outcome < self.threshold:
            return 0.0
        most = max(len(succeeded(reference)) for reference in references)
        extra = max(0, len(trajectory.calls) - most)
        return 1 / (1 + extra / max(most, 1))
