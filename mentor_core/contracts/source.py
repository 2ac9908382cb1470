"""TrajectorySource: a source of the teacher's reference trajectories."""

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
    """Provides reference trajectories. The caller verifies them: see `references`.

    Attributes:
        plays: true if `find` plays the trajectories itself, in `env`; all others are replayed
            before use.
    """

    plays: ClassVar[bool] = False

    @abstractmethod
    def find(self, tasks: Sequence[Task], env: ToolEnv) -> dict[str, list[Trajectory]]:
        """Task id → its reference trajectories; tasks without any may be left out.

        Args:
            tasks: the tasks that need references.
            env: an environment of the tasks' kind, to play in.
        """
