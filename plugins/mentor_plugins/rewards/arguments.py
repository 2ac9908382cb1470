"""Arguments: were the right calls made, with the right arguments?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field
from scipy.optimize import linear_sum_assignment

from mentor_core.contracts.reward import Need, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_plugins.rewards.gold import Against, Wanted, functions_of, need_of, wanted_calls
from mentor_plugins.rewards.schemas import acceptable_similarity, alike, parameters_of
from mentor_toolkit.added_by_turns import added_by_turns
from mentor_toolkit.call_check import Verdict, check_calls

__all__ = ["Arguments"]


class Arguments(RewardTerm):
    """How alike the calls are to a reference's calls, in any order, in [0, 1].

    Each call is paired with at most one call of the reference, so that the sum of the pairs is
    largest. A pair scores 1 if the environment's canonical keys are equal, 0 if the tools differ,
    else the F1 of the arguments. A failed call scores 0. The sum is divided by the larger of the
    two numbers of calls, so that further calls only lower the score. The best reference counts.

    Values are compared by the tool's schema if the task's metadata has one, else by
    `matching.similarity`. Gold calls may list acceptable values (see `rewards.schemas` and
    `rewards.gold`).

    `strict` is BFCL's check (`mentor_toolkit.call_check`): 1 if the calls are right, else 0. A
    trajectory with a call that cannot be parsed scores 0. The check needs the task's `functions`:
    the score is None without.

    None if no reference has a successful call, or the task has no gold calls. If gold says that
    nothing should be called: 1 if nothing is, else 0. Per turn: the turn's addition to the score.

    Source: strict is the AST check of the Berkeley Function-Calling Leaderboard, version 4.
    """

    mode: Literal["graded", "strict"] = Field(
        "graded",
        description="graded: how alike the calls are; strict: 1 if BFCL's rules hold, else 0",
    )
    against: Against = Field(
        "reference", description="compare with the references, or with the task's gold calls"
    )
    tolerance: float = Field(
        1e-6, ge=0, lt=1, description="relative difference up to which numbers are equal (graded)"
    )

    @property
    def needs(self) -> frozenset[Need]:  # type: ignore[override]
        needed = need_of(self.against)
        return frozenset({needed} if self.mode == "graded" else {needed, "schemas"})

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        if self.mode == "graded":
            functions, made = functions_of(task), trajectory.calls
            wanted = self._wanted(task, references)
            return max((self._pair(made, calls, functions) for calls in wanted), default=None)
        verdicts = self._verdicts(trajectory, task, references)
        return float(any(verdict.valid for verdict in verdicts)) if verdicts else None

    def explain(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[str]:
        lines = super().explain(trajectory, task, references)
        if self.mode == "graded":
            return lines
        verdicts = self._verdicts(trajectory, task, references)
        return lines + [f"not right: {v.reason}" for v in verdicts if not v.valid]

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        return added_by_turns(self, trajectory, task, references)

    def _wanted(self, task: Task, references: Sequence[Trajectory]) -> list[list[Wanted]]:
        found = wanted_calls(self.against, task, references)
        return [calls for calls in found if calls or self.against == "gold"]

    def _verdicts(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[Verdict]:
        """BFCL's verdict on each list of acceptable calls."""
        functions = [function.get("function", function) for function in functions_of(task)]
        wanted = self._wanted(task, references) if functions else []
        if wanted and any(turn.parse_failure is not None for turn in trajectory.turns):
            return [Verdict(False, "a call cannot be parsed")]
        answers = [[call.as_acceptable for call in calls] for calls in wanted]
        return [check_calls(trajectory.calls, functions, answer) for answer in answers]

    def _pair(
        self,
        made: Sequence[Call],
        wanted: Sequence[Wanted],
        functions: Sequence[Mapping[str, Any]],
    ) -> float:
        if not made and not wanted:
            return 1.0
        schemas = [parameters_of(functions, call.name) for call in wanted]
        worth = np.array(
            [[self._worth(a, *pair) for pair in zip(wanted, schemas, strict=True)] for a in made]
        ).reshape(len(made), len(wanted))
        paired = worth[linear_sum_assignment(worth, maximize=True)].tolist()
        return float(min(1.0, sum(paired) / max(len(made), len(wanted))))

    def _worth(self, made: Call, wanted: Wanted, schema: Mapping[str, Any]) -> float:
        if made.failure is not None:
            return 0.0
        if made.key is not None and made.key == wanted.key:
            return 1.0
        if made.name != wanted.name:
            return 0.0
        if wanted.acceptable is not None:
            return acceptable_similarity(made.arguments, wanted.acceptable, schema, self.tolerance)
        return alike(made.arguments, dict(wanted.arguments or {}), schema, self.tolerance)
