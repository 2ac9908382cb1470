"""Uniform: every task equally often."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import PrivateAttr

from mentor_core.contracts.sampler import TaskSampler
from mentor_core.contracts.task import Task
from mentor_core.support.errors import ConfigError

__all__ = ["Uniform"]


class Uniform(TaskSampler):
    """Repeats all tasks in a random order, which is another one each time.

    The order depends on the seed alone, so that a resumed run continues the same order.
    """

    _tasks: list[Task] = PrivateAttr(default_factory=list)
    _seed: int = PrivateAttr(default=0)

    def start(self, tasks: Sequence[Task], seed: int) -> None:
        """Called before the first `choose`.

        Raises:
            ConfigError: there is no task.
        """
        if not tasks:
            raise ConfigError("there is no task to train on")
        self._tasks, self._seed = list(tasks), seed

    def choose(self, drawn: int, count: int) -> list[Task]:
        total = len(self._tasks)
        first, last = drawn // total, (drawn + count - 1) // total
        row = np.concatenate([self._epoch(epoch) for epoch in range(first, last + 1)])
        start = drawn - first * total
        return [self._tasks[index] for index in row[start : start + count]]

    def reach(self, count: int) -> list[Task]:
        return self.choose(0, min(count, len(self._tasks))) if count else []

    def _epoch(self, epoch: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.random.default_rng([self._seed, epoch]).permutation(len(self._tasks))
