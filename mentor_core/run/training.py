"""Training: the parts of a run that trainers get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mentor_core.contracts.policy import Policy, Student
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.health import Health
from mentor_core.play.progress_bar import Bar
from mentor_core.play.references import References
from mentor_core.play.rollout import Rollout
from mentor_core.run.parts import Parts
from mentor_core.run.run_directory import RunDirectory

__all__ = ["Training"]


@dataclass(frozen=True, slots=True)
class Training:
    """One stage of a run's training.

    Attributes:
        parts: the run's parts; the sampler has been started with `tasks`.
        student: the student to train.
        tasks: the tasks to train on, with their verified `references`.
        rollout: plays episodes with `policy`, which the trainer prepares.
        steps: optimizer steps of the whole stage.
        directory: the stage's, for checkpoints and the state of the training.
        checkpoint: the checkpoint to go on from and its step; None at the beginning.
        shown: the bar, which the trainer advances by one with each step.
        interrupted: returns true if this process was asked to stop. One such process stops all,
            after a checkpoint.
        health: checks the metrics of each step.
        on_rollout: is called with this process's trajectories and their step.
    """

    parts: Parts
    student: Student
    tasks: Sequence[Task]
    references: References
    rollout: Rollout
    policy: Policy
    steps: int
    directory: RunDirectory
    checkpoint: tuple[Path, int] | None
    shown: Bar
    interrupted: Callable[[], bool]
    on_rollout: Callable[[Sequence[Trajectory], int], None]
    health: Health

    @property
    def done(self) -> int:
        """Steps that were done before."""
        return self.checkpoint[1] if self.checkpoint else 0
