"""Arguments: were the teacher's calls made, with the teacher's arguments?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field
from scipy.optimize import linear_sum_assignment

from mentor_core.reward import Need, RewardTerm
from mentor_core.task import Task
from mentor_core.trajectory import Call, Trajectory
from mentor_plugins.rewards.matching import Match, best_score, best_turns, similarity, succeeded

__all__ = ["Arguments"]


class Arguments(RewardTerm):
    """How alike the calls are to the teacher's, in [0, 1], in whatever order they came.

    Each call is paired with at most one call of the reference so that the pairs are as alike
    as they can be. A pair is worth 1 where the environment's canonical keys are equal, 0 where
    the tools differ, else the F1 of its arguments (`matching.similarity`); a failed call is
    worth 0. The sum is divided by the number of calls of whichever made more, so that further
    calls only lower it. The best reference counts.

    None where no reference has a successful call. Per turn: the mean worth of its calls; None
    for turns without calls.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"reference"})

    tolerance: float = Field(
        1e-6, ge=0, lt=1, description="relative difference up to which numbers are equal"
    )

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        return best_score(self._matches(trajectory, references))

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        return best_turns(trajectory, self._matches(trajectory, references))

    def _matches(self, trajectory: Trajectory, references: Sequence[Trajectory]) -> list[Match]:
        wanted = [succeeded(reference) for reference in references]
        return [self._pair(trajectory.calls, calls) for calls in wanted if calls]

    def _pair(self, made: Sequence[Call], wanted: Sequence[Call]) -> Match:
        worth = np.array([[self._worth(a, b) for b in wanted] for a in made])
        worth = worth.reshape(len(made), len(wanted))
        rows, columns = linear_sum_assignment(worth, maximize=True)
        calls = [0.0] * len(made)
        for row, column in zip(rows, columns, strict=True):
            calls[row] = float(worth[row, column])
        return Match(min(1.0, sum(calls) / max(len(made), len(wanted))), calls)

    def _worth(self, made: Call, wanted: Call) -> float:
        if made.failure is not None:
            return 0.0
        if made.key is not None and made.key == wanted.key:
            return 1.0
        if made.name != wanted.name:
            return 0.0
        return similarity(made.arguments, wanted.arguments, self.tolerance)
