"""TaskSampler: chooses the next tasks to train on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.task import Task

__all__ = ["TaskSampler"]


class TaskSampler(Stateful, ABC):
    """Chooses tasks of one environment for rollouts, and is told their rewards.

    In a run on several environments each has a sampler of its own (see `mixture`).

    All processes of a run hold the same sampler and must choose the same tasks. So `choose` depends
    only on its arguments, and on the calls of `start` and `observe`.
    """

    @abstractmethod
    def start(self, tasks: Sequence[Task], seed: int) -> None:
        """Called before the first `choose`, and again if the tasks change."""

    @abstractmethod
    def choose(self, drawn: int, count: int) -> list[Task]:
        """The next `count` tasks, one a group.

        Args:
            drawn: number of tasks chosen before, since the beginning of the run.
            count: number of wanted tasks, at least 1; not always the same.
        """

    def reach(self, count: int) -> Sequence[Task] | None:
        """The tasks that the first `count` choices can be, whatever is observed; None: any.

        A run needs references of these tasks only. Called after `start`.
        """
        return None

    def observe(self, rewards: Mapping[str, Sequence[float]]) -> None:
        """Called after each step: task id → the rewards of its scored trajectories."""
