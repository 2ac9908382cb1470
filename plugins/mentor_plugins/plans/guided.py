"""Guided: the teacher plays a turn with a probability that falls to 0 with the task's success."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from mentor_core.contracts.plan import Group, Plan, Start
from mentor_core.contracts.rows import RowKind
from mentor_core.contracts.task import TaskKey

__all__ = ["Guided"]


class Guided(Plan):
    """Each turn of a reference is given with probability β, up to the first that is not.

    β = share · max(0, 1 − s/target), with the moving mean s of the task's success. A task that was
    not yet played has the mean of all tasks. The student plays from the first turn that is not
    given, and always the last one. All episodes of a group begin in the same state, so their
    rewards compare. Given turns are replayed, and carry no loss. The number of given turns is
    random, so in each batch the student begins near the task and near the answer.

    A reference is a record, which cannot answer the student's own turns. So the turns of the
    teacher come first: once the student has played a turn, the student plays to the end. In the
    source, a teacher model answers at any turn, the schedule follows the steps, and the student
    is distilled on its own turns. For that loss add `objective=distill`.

    Source: Guided On-Policy Distillation (arXiv 2606.15912).
    """

    gives: ClassVar[frozenset[RowKind]] = frozenset({"sampled", "continued"})

    share: float = Field(0.9, gt=0, le=1, description="probability of a given turn without success")
    target: float = Field(
        0.8, gt=0, le=1, description="share of success from which no turn is given"
    )
    memory: float = Field(
        0.7, ge=0, lt=1, description="weight of the known success at each new group"
    )

    _all: float = PrivateAttr(0.0)
    _success: dict[TaskKey, float] = PrivateAttr(default_factory=dict)

    def starts(self, group: Group) -> list[Start]:
        if not group.references:
            return group.starts()
        reference, chance = group.references[0], self._chance(group.task.key)
        draw = random.Random(f"guided {group.seeds[0]}")
        given = 0
        while given < len(reference.turns) - 1 and draw.random() < chance:
            given += 1
        return group.starts(reference, given) if given else group.starts()

    def _chance(self, task: TaskKey) -> float:
        success = self._success.get(task, self._all)
        return self.share * max(0.0, 1.0 - success / self.target)

    def observe(self, outcomes: Mapping[TaskKey, Sequence[float]]) -> None:
        for task, found in outcomes.items():
            if found:
                success = sum(outcome >= 1.0 for outcome in found) / len(found)
                known = self._success.get(task, self._all)
                self._success[task] = self._moved(known, success)
                self._all = self._moved(self._all, success)

    def _moved(self, known: float, success: float) -> float:
        return self.memory * known + (1 - self.memory) * success

    def state(self) -> dict[str, Any]:
        found = [[*task, success] for task, success in self._success.items()]
        return {"all": self._all, "success": found}

    def restore(self, state: dict[str, Any]) -> None:
        self._all = state.get("all", 0.0)
        for env, task_id, success in state.get("success", []):
            self._success[env, task_id] = success
