"""Training: the parts of a run that trainers get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mentor_core.contracts.policy import Policy, Student
from mentor_core.contracts.task import Task
from mentor_core.contracts.tracker import Metrics
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.rollout import Rollout
from mentor_runs.assembly.parts import Parts
from mentor_runs.assembly.references import References
from mentor_runs.directory.run_directory import RunDirectory

__all__ = ["Progress", "Training"]


class Progress(Protocol):
    """Shows a person the progress of a training."""

    def advance(self, facts: Mapping[str, str] | None = None, steps: int = 1) -> None:
        """Add finished steps; `facts` are shown beside the bar."""

    def say(self, line: str) -> None:
        """Show a line."""


@dataclass(frozen=True, slots=True)
class Training:
    """One stage of a run's training.

    Attributes:
        parts: the run's parts; the sampler has been started with `tasks`.
        student: the student to train.
        tasks: the tasks to train on, with their verified `references`.
        rollout: plays episodes with `policy`, which the trainer prepares.
        steps: optimizer steps of the whole stage.
        directory: the stage's directory, for checkpoints and the state of the training.
        checkpoint: the checkpoint to go on from and its step; None at the beginning.
        shown: advanced by one after each step.
        interrupted: returns true if this process was asked to stop. One such process stops all,
            after a checkpoint.
        on_metrics: is called with a step and its metrics, in the main process.
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
    shown: Progress
    interrupted: Callable[[], bool]
    on_rollout: Callable[[Sequence[Trajectory], int], None]
    on_metrics: Callable[[int, Metrics], None]

    @property
    def done(self) -> int:
        """Steps that were done before."""
        return self.checkpoint[1] if self.checkpoint else 0
