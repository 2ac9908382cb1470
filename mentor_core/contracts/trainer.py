"""Trainer: changes a student's weights during a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from mentor_core.contracts.component import Component
from mentor_core.contracts.policy import Student

__all__ = ["Trained", "Trainer"]


@dataclass(frozen=True, slots=True)
class Trained:
    """The result of a trainer.

    Attributes:
        student: the student with its new weights, adapters merged.
        steps: optimizer steps done since the beginning; fewer than asked for if the run was
            interrupted, after saving a checkpoint.
    """

    student: Student
    steps: int


class Trainer(Component, ABC):
    """Trains a student; one of a run's trainers may begin where another one ended.

    A trainer is made before the model is loaded, and imports torch only in `train` and
    `check_model`. The trainer saves checkpoints below `training.directory`, from which `train` goes
    on.
    """

    imitates: ClassVar[bool] = False
    """True if the trainer learns from references, even of tasks that the sampler never chooses."""
    plans: ClassVar[bool] = False
    """True if the trainer's episodes begin as the run's plan says."""
    objectives: ClassVar[bool] = False
    """True if the trainer's loss is the run's objective."""

    def check(self, config: Any, processes: int) -> None:
        """Refuse settings that would fail later, or would silently have no effect.

        Args:
            config: the run's settings, a `RunConfig`.
            processes: number of processes that train together.

        Raises:
            ConfigError: names the key, and a setting to use instead.
        """

    def check_model(self, config: Any, model: Any) -> None:
        """Refuse settings that do not fit the model, a `PreTrainedModel`.

        Raises:
            ConfigError: names the key.
        """

    @abstractmethod
    def train(self, training: Any) -> Trained:
        """Train to `training.steps`, from `training.checkpoint` if there is one.

        Args:
            training: a `Training`; the same in all processes but for their share of the episodes.
        """
