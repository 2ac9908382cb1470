"""RecordFormat: a format of episodes as rows of a data set."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from mentor_core.contracts.component import Component
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["RecordFormat"]


class RecordFormat(Component, ABC):
    """A format of episodes: one JSON row a trajectory.

    Attributes:
        holds: the fields of a trajectory that `read(write(trajectory))` gives back, dotted
            ("turns.calls.name"). Empty: the format is written only.
        session_files: a trajectory takes several lines, so that each has a file of its own.
    """

    holds: ClassVar[tuple[str, ...]]
    session_files: ClassVar[bool] = False

    env: str | None = Field(None, description="environment of the tasks; None: the row's `env`")
    task_field: str | None = Field(
        None, description="key of the task's id; None: the format's own, or a hash of the prompt"
    )

    @abstractmethod
    def read(self, row: Mapping[str, Any]) -> Trajectory:
        """The trajectory that a row holds.

        Args:
            row: an object of JSON values.

        Raises:
            RowError: the row holds no trajectory; says why, in the same words for all rows of a
                kind.
        """

    @abstractmethod
    def write(
        self, trajectory: Trajectory, tools: Sequence[dict[str, Any]] = ()
    ) -> dict[str, Any] | list[dict[str, Any]]:
        """The row that holds a trajectory; a list of rows if `session_files` is set.

        Fields that are not in `holds` may be left out.

        Args:
            trajectory: the episode.
            tools: JSON schemas of the tools, as `ToolEnv.schemas` has them.

        Raises:
            RowError: the format cannot hold the trajectory; says why.
        """
