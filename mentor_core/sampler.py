"""TaskSampler: which tasks to train on next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from mentor_core.component import Stateful
from mentor_core.task import Task

__all__ = ["TaskSampler"]


class TaskSampler(Stateful, ABC):
    """Chooses tasks for rollouts and hears how they went.

    All processes of a run hold the same sampler and must choose the same tasks, so `choose`
    depends only on its arguments, on `start` and on what `observe` was told.
    """

    @abstractmethod
    def start(self, tasks: Sequence[Task], seed: int) -> None:
        """Called once, before the first `choose`."""

    @abstractmethod
    def choose(self, step: int, count: int) -> list[Task]:
        """The tasks of generation step `step` (from 0), one a group."""

    def observe(self, rewards: Mapping[str, Sequence[float]]) -> None:
        """Told after each step: task id → the rewards of its scored trajectories."""
