"""ReadingObjective: base of objectives that need the references of the run's tasks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from mentor_core.contracts.objective import Objective
from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["ReadingObjective"]


class ReadingObjective(Objective):
    """An objective that a trainer gives the verified references, once before the training.

    The trainer `grpo` knows this class.
    """

    @abstractmethod
    def read(self, references: Mapping[TaskKey, Sequence[Trajectory]]) -> None:
        """Called after `start`.

        Args:
            references: task → its references; tasks without references are left out.

        Raises:
            ConfigError: the objective needs references, and there are none.
        """
