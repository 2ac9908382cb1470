"""Trainer: what changes a student's weights during a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from mentor_core.contracts.component import Component
from mentor_core.contracts.policy import Student

__all__ = ["Trained", "Trainer"]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a trainer made.

    Attributes:
        student: with its new weights, adapters merged.
        steps: optimizer steps done since the beginning; fewer than asked for if the run was
            interrupted, after a checkpoint was saved.
    """

    student: Student
    steps: int


class Trainer(Component, ABC):
    """Trains a student; one of a run's trainers may begin where another one ended.

    A trainer is made before the model is loaded, and imports torch only in `train` and
    `check_model`. It saves checkpoints below `training.directory`, from which `train` goes on.
    """

    imitates: ClassVar[bool] = False
    """Whether it learns from references, of tasks that the run's sampler may never choose, too."""
    plans: ClassVar[bool] = False
    """Whether its episodes begin as the run's plan says."""
    objectives: ClassVar[bool] = False
    """Whether its loss is the run's objective."""

    def check(self, config: Any, processes: int) -> None:
        """Refuse settings that would fail later, or would quietly do nothing.

        Args:
            config: the run's settings, a `RunConfig`.
            processes: number of processes that train together.

        Raises:
            ConfigError: names the key, and what to write instead.
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
            training: parts of the run, as `Training` describes them; the same in all processes
                but for their share of the episodes.
        """
