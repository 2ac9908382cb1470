"""StoreSource: references from a teacher store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.source import TrajectorySource
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import ConfigError
from mentor_plugins.teacher_store.store import TeacherStore, Verdict, task_hash

__all__ = ["StoreSource"]


class StoreSource(TrajectorySource):
    """The verified attempts that `mentor teach` collected, of the run's tasks only.

    The verdicts in the store are not trusted: every user of a source replays the attempts.
    """

    file: Path = Field(description="the store, as `mentor teach --store` names it")
    trusted: bool = Field(False, description="also attempts that cannot be replayed")
    most: int | None = Field(None, ge=1, description="references of a task; not set: all")
    choose: Literal["first", "shortest"] = Field(
        "first", description="which come first: in the order of attempts, or by fewest calls"
    )

    def find(self, tasks: Sequence[Task], env: ToolEnv) -> dict[str, list[Trajectory]]:
        """Task id → its attempts.

        Raises:
            DataError: the store cannot be read.
            ConfigError: the store has no attempt at one of the tasks; says which attempts there
                are.
        """
        hashes = {task.id: task_hash(task) for task in tasks}
        verdicts: list[Verdict] = ["verified", "trusted"] if self.trusted else ["verified"]
        found: dict[str, list[Trajectory]] = {}
        changed = 0
        store = TeacherStore.open(self.file.expanduser())
        with store.database:
            for attempt in store.of_tasks(env.name, list(hashes), verdicts):
                trajectory = attempt.trajectory
                if attempt.task_hash != hashes[trajectory.task_id]:
                    changed += 1
                    continue
                found.setdefault(trajectory.task_id, []).append(trajectory)
        if tasks and not found:
            other = f"; {changed} are of tasks whose content has changed" if changed else ""
            raise ConfigError(
                f"source=store: {self.file} has no {' or '.join(verdicts)} attempt at any of "
                f"{len(tasks)} tasks of {env.name!r}{other}; `mentor teacher stats "
                f"{self.file}` shows its attempts"
            )
        if self.choose == "shortest":
            for attempts in found.values():
                attempts.sort(key=lambda attempt: len(attempt.calls))
        return {task_id: attempts[: self.most] for task_id, attempts in found.items()}
