"""ToolSelection: were the teacher's tools chosen?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from mentor_core.reward import Need, RewardTerm
from mentor_core.task import Task
from mentor_core.trajectory import Call, Trajectory

__all__ = ["ToolSelection"]


class ToolSelection(RewardTerm):
    """How the set of tools called compares with the teacher's, in [0, 1]; best reference counts.

    None where no reference calls a tool. Calls that could not be parsed have no name and do
    not count. Per turn: 1 if all tools that the turn calls are among those of one reference,
    else 0; None for turns without calls.

    Source: the tool-match terms of MENTOR and its ablations, arXiv 2510.18383.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"reference"})

    mode: Literal["set", "overlap", "f1"] = Field(
        "f1",
        description="set: 1 if the sets are equal; overlap: 1 if they have a tool in common; "
        "f1: F1 of the two sets",
    )
    count_failed: bool = Field(
        True, description="whether calls that failed, unknown tools among them, count"
    )

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        chosen, wanted = self._names(trajectory.calls), self._wanted(references)
        return max((self._compare(chosen, names) for names in wanted), default=None)

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        wanted = self._wanted(references)
        if not wanted:
            return None
        return [
            float(any({call.name for call in turn.calls} <= names for names in wanted))
            if turn.calls
            else None
            for turn in trajectory.turns
        ]

    def _wanted(self, references: Sequence[Trajectory]) -> list[set[str]]:
        found = [self._names(reference.calls) for reference in references]
        return [names for names in found if names]

    def _names(self, calls: Sequence[Call]) -> set[str]:
        return {call.name for call in calls if self.count_failed or call.failure is None}

    def _compare(self, chosen: set[str], wanted: set[str]) -> float:
        common = chosen & wanted
        match self.mode:
            case "set":
                return float(chosen == wanted)
            case "overlap":
                return float(bool(common))
            case "f1":
                return 2 * len(common) / (len(chosen) + len(wanted))
