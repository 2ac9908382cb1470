"""TaskSampler: which tasks to train on next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.task import Task

__all__ = ["TaskSampler"]


class TaskSampler(Stateful, ABC):
    """Chooses tasks of one environment for rollouts and hears how they went.

    In a run on several environments each has a sampler of its own (see `mixture`).

    All processes of a run hold the same sampler and must choose the same tasks, so `choose`
    depends only on its arguments, on `start` and on what `observe` was told.
    """

    @abstractmethod
    def start(self, tasks: Sequence[Task], seed: int) -> None:
        """Called before the first `choose`; again where there turn out to be other tasks."""

    @abstractmethod
    def choose(self, drawn: int, count: int) -> list[Task]:
        """The next `count` tasks, one a group.

        Args:
            drawn: how many were chosen before, since the beginning of the run.
            count: how many are wanted, at least 1; not always the same.
        """

    def reach(self, count: int) -> Sequence[Task] | None:
        """The tasks among which the first `count` chosen ones are, whatever comes; None: any.

        Only of these a run needs references. Asked after `start`.
        """
        return None

    def observe(self, rewards: Mapping[str, Sequence[float]]) -> None:
        """Told after each step: task id → the rewards of its scored trajectories."""
