"""Families of tasks, which samplers choose among; within a family the tasks come in turn."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.sampler import TaskSampler
from mentor_core.contracts.task import Task
from mentor_core.support.errors import ConfigError, nearest

__all__ = ["Families"]


class Families(TaskSampler):
    """Base of samplers whose choice is a family; each task by itself, or those of one key's value.

    A subclass keeps `_taken`, the number of tasks that were chosen of each family, in its state.
    """

    family: str = Field("", description="key of the tasks' metadata; empty: each task by itself")

    _tasks: dict[str, list[Task]] = PrivateAttr(default_factory=dict)
    _family_of: dict[str, str] = PrivateAttr(default_factory=dict)
    _taken: dict[str, int] = PrivateAttr(default_factory=dict)
    _seed: int = PrivateAttr(default=0)

    def start(self, tasks: Sequence[Task], seed: int) -> None:
        """Called before the first `choose`.

        Raises:
            ConfigError: there is no task, or a task's metadata lacks the key `family`.
        """
        if not tasks:
            raise ConfigError("there is no task to train on")
        self._tasks, self._seed = {}, seed
        for task in tasks:
            self._tasks.setdefault(self._name(task), []).append(task)
        self._family_of = {task.id: name for name, own in self._tasks.items() for task in own}

    def _next(self, name: str) -> Task:
        """The family's next task; each epoch has another order."""
        tasks, taken = self._tasks[name], self._taken.get(name, 0)
        self._taken[name] = taken + 1
        epoch, place = divmod(taken, len(tasks))
        order = np.random.default_rng([self._seed, epoch, len(tasks)]).permutation(len(tasks))
        return tasks[int(order[place])]

    def _name(self, task: Task) -> str:
        if not self.family:
            return task.id
        if self.family not in task.metadata:
            raise ConfigError(
                f"sampler {type(self).__name__.lower()}: the metadata of task {task.id!r} has no "
                f"key {self.family!r}{nearest(self.family, task.metadata)}"
            )
        return json.dumps(task.metadata[self.family], sort_keys=True)
