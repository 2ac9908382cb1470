"""Trek: the references of the tasks that the student fails; of several, the likeliest one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, PrivateAttr

from mentor_core.contracts.lessons import Lessons, Likelihood, PlayedGroup, References, Taught
from mentor_core.contracts.task import Task, TaskKey

__all__ = ["Trek"]


class Trek(Lessons):
    """Teaches only the tasks for which the student itself finds no solution.

    A task is hard if its latest group's share of success is below `below`. Each batch teaches
    `rows` references of hard tasks, of this batch or of an earlier one. The student's likeliest of
    a task's references is taught. A task leaves the set with its first group that reaches the
    bound, so the teaching ends as the set empties.

    Source: TREK (arXiv 2607.05339): distil to explore, reinforce to refine. The source alternates
    phases of imitation and of reinforcement; here one loss has both.
    """

    below: float = Field(0.25, gt=0, le=1, description="share of success that ends the teaching")
    rows: int = Field(8, ge=1, description="references of a batch, in each process")

    _tasks: Mapping[TaskKey, Task] = PrivateAttr(default_factory=dict)
    _references: References = PrivateAttr(default_factory=dict)
    _hard: list[TaskKey] = PrivateAttr(default_factory=list)

    def start(self, tasks: Mapping[TaskKey, Task], references: References) -> None:
        self._tasks, self._references = tasks, references

    def observe(self, outcomes: Mapping[TaskKey, Sequence[float]]) -> None:
        for task, found in outcomes.items():
            if not found or task not in self._tasks:
                continue
            hard = sum(outcome >= 1.0 for outcome in found) / len(found) < self.below
            if hard and task not in self._hard:
                self._hard.append(task)
            elif not hard and task in self._hard:
                self._hard.remove(task)

    def taught(self, groups: Sequence[PlayedGroup], likelihood: Likelihood) -> list[Taught]:
        if not groups or not self._hard:
            return []
        draw = random.Random(f"trek {groups[0].step} {groups[0].index}")
        chosen = draw.sample(self._hard, min(self.rows, len(self._hard)))
        rows = [self._likeliest(key, likelihood) for key in chosen]
        return [row for row in rows if row is not None]

    def _likeliest(self, key: TaskKey, likelihood: Likelihood) -> Taught | None:
        rows = [Taught(self._tasks[key], reference) for reference in self._references[key]]
        if len(rows) == 1:
            return rows[0]
        known = [(found, row) for row in rows if (found := likelihood(row)) is not None]
        return max(known, key=lambda pair: pair[0])[1] if known else None

    def state(self) -> dict[str, Any]:
        return {"hard": [list(key) for key in self._hard]}

    def restore(self, state: dict[str, Any]) -> None:
        saved = [(env, task_id) for env, task_id in state.get("hard", [])]
        self._hard = [key for key in saved if key in self._tasks]
