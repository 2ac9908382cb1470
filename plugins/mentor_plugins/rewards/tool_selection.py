"""ToolSelection: were the right tools chosen?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from mentor_core.reward import Need, RewardTerm
from mentor_core.task import Task
from mentor_core.trajectory import Call, Trajectory
from mentor_plugins.rewards.gold import Against, gold_calls, need_of
from mentor_plugins.rewards.matching import Match, best_score, best_turns

__all__ = ["ToolSelection"]


class ToolSelection(RewardTerm):
    """How the tools called compare with those of a reference, in [0, 1]; the best one counts.

    With student's calls S and the reference's T, as sets (set, overlap, f1), as multisets or
    in their order:

        set        1 if S = T, else 0
        overlap    1 if S and T have a tool in common, else 0
        f1         2·|S ∩ T| / (|S| + |T|)
        multiset   the same, each tool as often as it was called
        order      the same with the longest common subsequence in place of S ∩ T

    None where no reference calls a tool. Against gold calls (`rewards.gold`): None where the
    task has none; where nothing should be called, 1 if nothing is, else 0. Calls that could not
    be parsed have no name and do not count.

    Per turn, None for turns without calls: in multiset and order the share of the turn's calls
    that were matched; else 1 if all tools that the turn calls are among those of one reference.

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
    count_failed: bool = Field(
        True, description="whether calls that failed, unknown tools among them, count"
    )
    count_unknown: bool = Field(
        True,
        description="whether the trajectory's calls of tools that do not exist count; the paper "
        "leaves them out, as `valid_tools` looks at them",
    )

    @property
    def needs(self) -> frozenset[Need]:  # type: ignore[override]
        return frozenset({need_of(self.against)})

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        return best_score(self._matches(trajectory, task, references))

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        if self.mode in ("multiset", "order"):
            return best_turns(trajectory, self._matches(trajectory, task, references))
        wanted = [set(names) for names in self._wanted(task, references)]
        if not wanted:
            return None
        return [
            float(any({call.name for call in turn.calls} <= names for names in wanted))
            if turn.calls
            else None
            for turn in trajectory.turns
        ]

    def _matches(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[Match]:
        # A call that does not count keeps its place, and matches nothing.
        made = [
            call.name
            if self._counts(call) and (self.count_unknown or call.failure != "unknown_tool")
            else None
            for call in trajectory.calls
        ]
        return [self._compare(made, names) for names in self._wanted(task, references)]

    def _wanted(self, task: Task, references: Sequence[Trajectory]) -> list[list[str]]:
        if self.against == "gold":
            gold = gold_calls(task)
            return [] if gold is None else [[call.name for call in gold]]
        found = [[c.name for c in r.calls if self._counts(c)] for r in references]
        return [names for names in found if names]

    def _counts(self, call: Call) -> bool:
        return self.count_failed or call.failure is None

    def _compare(self, made: Sequence[str | None], wanted: Sequence[str]) -> Match:
        chosen = [name for name in made if name is not None]
        if not wanted:
            return Match(float(not chosen), [0.0] * len(made))
        common = set(chosen) & set(wanted)
        match self.mode:
            case "set":
                return Match(float(set(chosen) == set(wanted)), [])
            case "overlap":
                return Match(float(bool(common)), [])
            case "f1":
                return Match(2 * len(common) / (len(set(chosen)) + len(set(wanted))), [])
            case "multiset":
                matched = _matched(made, wanted)
            case "order":
                matched = _subsequence(made, wanted)
        return Match(2 * sum(matched) / (len(chosen) + len(wanted)), matched)


def _matched(made: Sequence[str | None], wanted: Sequence[str]) -> list[float]:
    """1 for each name that is still wanted when its turn comes, else 0."""
    left: Counter[str | None] = Counter(wanted)
    matched = []
    for name in made:
        matched.append(float(left[name] > 0))
        left[name] -= 1
    return matched


def _subsequence(made: Sequence[str | None], wanted: Sequence[str]) -> list[float]:
    """1 for each name that is part of the longest common subsequence, the earliest one."""
    rows, columns = len(made), len(wanted)
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]  # of what is left from (i, j) on
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            if made[i] == wanted[j]:
                longest[i][j] = 1 + longest[i + 1][j + 1]
            else:
                longest[i][j] = max(longest[i + 1][j], longest[i][j + 1])
    matched, j = [0.0] * rows, 0
    for i in range(rows):
        for column in range(j, columns):
            if made[i] == wanted[column] and 1 + longest[i + 1][column + 1] == longest[i][j]:
                matched[i], j = 1.0, column + 1
                break
    return matched
