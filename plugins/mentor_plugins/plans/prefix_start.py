"""PrefixStart: the teacher plays the first turns of an episode, and fewer as success grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from mentor_core.contracts.plan import Group, Plan, Start
from mentor_core.contracts.rows import RowKind
from mentor_core.contracts.task import TaskKey

__all__ = ["PrefixStart"]


class PrefixStart(Plan):
    """Episodes begin after k turns of the task's first reference; k falls as success grows.

    At first only the last turn is left to the student. If at least `harder` of a group's episodes
    succeed, the next group of that task begins one turn earlier. If at most `easier` succeed, that
    group begins one turn later. At k = 0 the student plays alone. The replayed turns carry no loss.
    Tasks without a reference are played alone from the beginning.

    A run may play each task only once or twice. So a task's first group leaves the student a number
    of turns that fits other tasks' groups. That number moves by `together` with each group.

    Source: reverse curriculum, Florensa et al. (arXiv 1707.05300), used for reasoning by R3 (arXiv
    2402.05808). Here each task has a k of its own, set by its own success.
    """

    gives: ClassVar[frozenset[RowKind]] = frozenset({"sampled", "continued"})

    harder: float = Field(
        0.5, gt=0, le=1, description="share of success from which the teacher gives one turn less"
    )
    easier: float = Field(
        0.0, ge=0, lt=1, description="share of success up to which the teacher gives one more"
    )

    together: float = Field(
        0.1, ge=0, le=1, description="turns that a group's success adds for tasks not yet played"
    )

    _shared: float = PrivateAttr(1.0)
    _left: dict[TaskKey, int] = PrivateAttr(default_factory=dict)
    _turns: dict[TaskKey, int] = PrivateAttr(default_factory=dict)

    def starts(self, group: Group) -> list[Start]:
        if not group.references:
            return group.starts()
        reference, key = group.references[0], group.task.key
        self._turns[key] = turns = len(reference.turns)
        given = turns - self._left.setdefault(key, min(int(self._shared), turns))
        return group.starts(reference, given) if given > 0 else group.starts()

    def observe(self, outcomes: Mapping[TaskKey, Sequence[float]]) -> None:
        for task, found in outcomes.items():
            if not found or task not in self._left:
                continue
            success = sum(outcome >= 1.0 for outcome in found) / len(found)
            step = (success >= self.harder) - (success <= self.easier)
            left, turns = self._left[task], self._turns[task]
            self._left[task] = min(max(left + step, 1), turns)
            # Only groups at or beyond the shared number are evidence for or against it.
            if step < 0 or left >= min(int(self._shared), turns):
                longest = max(self._turns.values())
                self._shared = min(max(self._shared + step * self.together, 1.0), longest)

    def state(self) -> dict[str, Any]:
        return {
            "shared": self._shared,
            "left": [[*task, left, self._turns[task]] for task, left in self._left.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._shared = state.get("shared", 1.0)
        for env, task_id, left, turns in state.get("left", []):
            self._left[env, task_id], self._turns[env, task_id] = left, turns
