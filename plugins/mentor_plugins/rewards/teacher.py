"""Teacher: does the trajectory do the teacher's work?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from mentor_core.contracts.reward import Need, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_plugins.rewards.matching import same_call, similarity, succeeded
from mentor_toolkit.added_by_turns import added_by_turns
from mentor_toolkit.dependencies import dependencies

__all__ = ["Teacher"]


class Teacher(RewardTerm):
    """How much of a reference's work was done, in [0, 1]; the best reference counts.

    `flexible` takes the reference as a partial order of its successful calls. A call has to come
    after another only if it uses the other's result (see `dependencies`). The trajectory's
    successful calls are matched in order. A call reaches the same call of the reference, if that
    was not reached before and its requirements were. The score is 2·reached / (calls of the
    reference + all calls made): each call that reaches nothing lowers the score. `sequence` and
    `set` are strict forms, for comparison.

    None without a reference. A reference that calls nothing gives 1 to a trajectory that calls
    nothing, else 0. Per turn: the turn's addition to the score.

    Source: MENTOR, arXiv 2510.18383, whose third version argues against strict matching. `set` is
    the published form, except that unknown tools count here.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"reference"})

    mode: Literal["flexible", "sequence", "set"] = Field(
        "flexible",
        description="flexible: share of the calls reached in any workable order; sequence: 1 if "
        "the same calls were made in the same order; set: 1 if the same tools were called",
    )
    tolerance: float = Field(
        1e-6, ge=0, lt=1, description="relative difference up to which numbers are equal"
    )

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        match self.mode:
            case "flexible":
                calls = trajectory.calls
                found = [self._reach(calls, succeeded(r), task.prompt) for r in references]
            case "sequence":
                found = [self._same_sequence(trajectory.calls, r.calls) for r in references]
            case "set":
                names = {call.name for call in trajectory.calls}
                found = [float(names == {call.name for call in r.calls}) for r in references]
        return max(found, default=None)

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        return added_by_turns(self, trajectory, task, references)

    def _reach(self, made: Sequence[Call], wanted: Sequence[Call], prompt: str) -> float:
        if not made and not wanted:
            return 1.0
        required = dependencies(wanted, prompt, self.tolerance)
        reached: set[int] = set()
        for call in made:
            if call.failure is not None:
                continue
            for index, target in enumerate(wanted):
                if (
                    index not in reached
                    and same_call(call, target, self.tolerance)
                    and all(sources & reached for sources in required[index])
                ):
                    reached.add(index)
                    break
        return 2 * len(reached) / (len(wanted) + len(made))

    def _same_sequence(self, made: Sequence[Call], wanted: Sequence[Call]) -> float:
        return float(
            len(made) == len(wanted)
            and all(
                a.name == b.name and similarity(a.arguments, b.arguments, self.tolerance) == 1.0
                for a, b in zip(made, wanted, strict=True)
            )
        )
