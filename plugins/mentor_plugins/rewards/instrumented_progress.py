"""InstrumentedProgress: how many milestones did the tools report, in their order?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory, Turn
from mentor_toolkit.calls import as_text

__all__ = ["InstrumentedProgress"]

Mark = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class InstrumentedProgress(RewardTerm):
    """1 if the outcome is right, else cap·k/n, with k of the n milestones reached.

    A tool reports a milestone by a mark, a text in its result. The order is strict: a mark counts
    only after the marks of all earlier milestones, in the same result or an earlier one. So nobody
    gains by the last step alone. Only tools can report: a mark in the call's own arguments does not
    count in the call's result, and a failed call reports nothing. A tool that keeps a text and
    gives the text to a later call reports whatever the student wrote.

    A wrong trajectory gets at most `cap`, and a right one always 1. None if the outcome
    could not be verified. A turn adds its milestones, and the last turn of a right trajectory the
    rest.

    Differences from the source: the environment's author chooses the marks, and no model writes
    them into the student's programs.

    Source: Reinforcement Learning for Machine Learning Engineering Agents (arXiv 2509.01684),
    environment instrumentation.
    """

    milestones: list[Mark] = Field(
        min_length=1, description="texts in results of tools, the first milestone first"
    )
    cap: float = Field(
        0.4, gt=0, lt=1, description="score of a wrong trajectory that reached all milestones"
    )
    threshold: float = Field(
        1.0, gt=0, le=1, description="outcome from which a trajectory counts as right"
    )

    @field_validator("milestones")
    @classmethod
    def _each_once(cls, milestones: list[str]) -> list[str]:
        for number, mark in enumerate(milestones):
            if any(mark in other or other in mark for other in milestones[:number]):
                raise ValueError(f"{mark!r} is a part of another milestone, or has one as a part")
        return milestones

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        if trajectory.outcome is None:
            return None
        return 1.0 if self._is_right(trajectory) else self._worth(trajectory.turns)

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        if trajectory.outcome is None or not trajectory.turns:
            return None
        worths = [self._worth(trajectory.turns[: n + 1]) for n in range(len(trajectory.turns))]
        if self._is_right(trajectory):
            worths[-1] = 1.0
        return [after - before for before, after in pairwise([0.0, *worths])]

    def _is_right(self, trajectory: Trajectory) -> bool:
        return trajectory.outcome is not None and trajectory.outcome >= self.threshold

    def _worth(self, turns: Sequence[Turn]) -> float:
        """The score of a wrong trajectory with these turns."""
        reached = 0
        for call in (call for turn in turns for call in turn.calls if call.failure is None):
            at, given = 0, as_text(call.arguments)
            for mark in self.milestones[reached:]:
                found = call.result.find(mark, at)
                if found < 0 or mark in given or as_text(mark)[1:-1] in given:
                    break
                reached, at = reached + 1, found + len(mark)
        return self.cap * reached / len(self.milestones)
