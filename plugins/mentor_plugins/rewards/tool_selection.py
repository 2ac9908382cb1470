"""ToolSelection: were the right tools chosen?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from mentor_core.contracts.reward import Need, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_plugins.rewards.gold import Against, gold_calls, need_of
from mentor_toolkit.added_by_turns import added_by_turns

__all__ = ["ToolSelection"]


class ToolSelection(RewardTerm):
    """How the tools called compare with a reference's tools, in [0, 1]; the best reference counts.

    S are the tools of the student's calls and T the reference's, as sets (set, overlap, f1), as
    multisets or in order:

        set        1 if S = T, else 0
        overlap    1 if S and T have a tool in common, else 0
        f1         2·|S ∩ T| / (|S| + |T|)
        multiset   the same, each tool as often as it was called
        order      the same with the longest common subsequence in place of S ∩ T

    None if no reference calls a tool. Against gold calls (`rewards.gold`): None if the task has
    none; if nothing should be called, 1 if nothing is, else 0. Calls that could not be parsed have
    no name and do not count.

    Per turn: the turn's addition to the score.

    Source: the tool-match terms of MENTOR and its ablations, arXiv 2510.18383.
    """

    mode: Literal["set", "overlap", "f1", "multiset", "order"] = Field(
        "f1",
        description="set: 1 if the sets are equal; overlap: 1 if they have a tool in common; "
        "f1: F1 of the two sets; multiset: F1 with each tool as often as it was called; order: "
        "F1 of the longest common subsequence",
    )
    against: Against = Field(
        "reference", description="compare with the references, or with the task's gold calls"
    )
    count_failed: bool = Field(True, description="count failed calls, unknown tools among them")
    count_unknown: bool = Field(
        True,
        description="count the trajectory's calls of tools that do not exist; the paper "
        "leaves them out, as `valid_tools` looks at them",
    )

    @property
    def needs(self) -> frozenset[Need]:  # type: ignore[override]
        return frozenset({need_of(self.against)})

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        made = [
            call.name
            for call in trajectory.calls
            if self._counts(call) and (self.count_unknown or call.failure != "unknown_tool")
        ]
        wanted = self._wanted(task, references)
        return max((self._compare(made, names) for names in wanted), default=None)

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        return added_by_turns(self, trajectory, task, references)

    def _wanted(self, task: Task, references: Sequence[Trajectory]) -> list[list[str]]:
        if self.against == "gold":
            gold = gold_calls(task)
            return [] if gold is None else [[call.name for call in gold]]
        found = [[c.name for c in r.calls if self._counts(c)] for r in references]
        return [names for names in found if names]

    def _counts(self, call: Call) -> bool:
        return self.count_failed or call.failure is None

    def _compare(self, made: Sequence[str], wanted: Sequence[str]) -> float:
        if not wanted:
            return float(not made)
        ours, theirs = set(made), set(wanted)
        match self.mode:
            case "set":
                return float(ours == theirs)
            case "overlap":
                return float(bool(ours & theirs))
            case "f1":
                return 2 * len(ours & theirs) / (len(ours) + len(theirs))
            case "multiset":
                common = (Counter(made) & Counter(wanted)).total()
            case "order":
                common = _longest_subsequence(made, wanted)
        return 2 * common / (len(made) + len(wanted))


def _longest_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for name in left:
        above, row = row, [0]
        for j, other in enumerate(right):
            row.append(above[j] + 1 if name == other else max(above[j + 1], row[j]))
    return row[-1]
