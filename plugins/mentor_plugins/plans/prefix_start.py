"""PrefixStart: the teacher plays the first turns of an episode, and fewer as success grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from mentor_core.contracts.plan import Group, Plan, Start
from mentor_core.contracts.task import TaskKey

__all__ = ["PrefixStart"]


class PrefixStart(Plan):
    """Episodes begin after k turns of the task's first reference; k falls as success grows.

    At first only the last turn is left to the student. If at least `harder` of a group's episodes
    succeed, the next group of that task begins one turn earlier. If at most `easier` succeed, the
    next group begins one turn later. At k = 0 the student plays alone. The replayed turns carry no
    loss. Tasks without a reference are played alone from the beginning.

    Source: reverse curriculum, Florensa et al. (arXiv 1707.05300), used for reasoning by R3 (arXiv
    2402.05808). Here each task has a k of its own, set by its own success.
    """

    replays: ClassVar[bool] = True

    harder: float = Field(
        0.5, gt=0, le=1, description="share of success from which the teacher gives one turn less"
    )
    easier: float = Field(
        0.0, ge=0, lt=1, description="share of success up to which the teacher gives one more"
    )

    _left: dict[TaskKey, int] = PrivateAttr(default_factory=dict)
    _turns: dict[TaskKey, int] = PrivateAttr(default_factory=dict)

    def starts(self, group: Group) -> list[Start]:
        if not group.references:
            return group.starts()
        reference, key = group.references[0], group.task.key
        self._turns[key] = len(reference.turns)
        given = len(reference.turns) - self._left.setdefault(key, 1)
        return group.starts(reference, given) if given > 0 else group.starts()

    def observe(self, outcomes: Mapping[TaskKey, Sequence[float]]) -> None:
        for task, found in outcomes.items():
            if not found or task not in self._left:
                continue
            success = sum(outcome >= 1.0 for outcome in found) / len(found)
            if success >= self.harder:
                self._left[task] = min(self._left[task] + 1, self._turns[task])
            elif success <= self.easier:
                self._left[task] = max(self._left[task] - 1, 1)

    def state(self) -> dict[str, Any]:
        return {
            "left": [[*task, left, self._turns[task]] for task, left in self._left.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        for env, task_id, left, turns in state.get("left", []):
            self._left[env, task_id], self._turns[env, task_id] = left, turns
