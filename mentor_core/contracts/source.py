"""TrajectorySource: where the teacher's reference trajectories come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from mentor_core.contracts.component import Component
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["TrajectorySource"]


class TrajectorySource(Component, ABC):
    """Provides reference trajectories. Whoever asks verifies them: see `references`.

    Attributes:
        plays: what `find` gives was played there, in `env`; all else is replayed before use.
    """

    plays: ClassVar[bool] = False

    @abstractmethod
    def find(self, tasks: Sequence[Task], env: ToolEnv) -> dict[str, list[Trajectory]]:
        """Task id → its reference trajectories; tasks without any may be left out.

        Args:
            tasks: the tasks that references are wanted for.
            env: an environment of the tasks' kind, to play in.
        """
