"""ExpertTeacher: the environments' scripted experts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mentor_core.contracts.teacher import Attempt, Classroom, Teacher
from mentor_toolkit.scripts import play_expert

__all__ = ["ExpertTeacher"]


class ExpertTeacher(Teacher):
    """Plays `ToolEnv.expert` once a task; tasks without an expert are left out."""

    repeats: ClassVar[bool] = False

    @property
    def identity(self) -> dict[str, Any]:
        return {}

    def attempt(self, attempts: Sequence[Attempt], room: Classroom) -> None:
        """Raises PluginError if an expert raises or stops before its episode ends."""
        for attempt in attempts:
            env = room.env(attempt.task.env)
            played = play_expert(env, attempt.task, attempt.seed)
            if played is not None:
                room.keep(attempt, played)
