"""Objective: the loss of reinforcement, from log-probabilities and advantages to one value a token.

advantages ─┐
log-probabilities ─┴─ objective.loss [B, T] ─ mean over the batch's sampled tokens ─ optimizer step
                           ↑                                                              │
                           └─────────────────── objective.after_step ─────────────────────┘
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.policy import Student
from mentor_core.contracts.rows import RowKind
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["MicroBatch", "Objective"]

Tensor = Any
"""A `torch.Tensor`: contracts do not import torch."""


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """The episodes that one forward pass has covered: B of them, with T completion tokens.

    Attributes:
        logps_BT: log-probability of each token under the student, in nats, with gradient.
        old_logps_BT: log-probability of each token under the student at the time of sampling, in
            nats; no gradient.
        entropies_BT: entropy of the student's next-token distribution, in nats; no gradient.
        advantages_BT: advantage of each token, from the run's credit.
        mask_BT: 1.0 for tokens that the student sampled, else 0.0. Other tokens carry no loss.
        ids_BL: prompt and completion, L ≥ T tokens; the last T are the completion.
        attention_BL: 0 on padding, else 1.
        trajectories: the episodes, in the order of the rows.
        training_progress: finished share of the training, in [0, 1].
    """

    logps_BT: Tensor
    old_logps_BT: Tensor
    entropies_BT: Tensor
    advantages_BT: Tensor
    mask_BT: Tensor
    ids_BL: Tensor
    attention_BL: Tensor
    trajectories: Sequence[Trajectory]
    training_progress: float

    def ratios(self) -> Tensor:
        """Importance ratios π/π_old, [B, T], with gradient."""
        return (self.logps_BT - self.old_logps_BT).exp()


class Objective(Stateful, ABC):
    """Gives each sampled token its loss.

    The trainer multiplies the losses by the mask and adds them up. The sum is divided by the number
    of sampled tokens of the whole optimizer step, in all processes. Source: DAPO, arXiv 2503.14476,
    formula 12.

    Attributes:
        replaces: true if `loss` is used; false leaves the trainer's own loss in place.
        accepts: kinds of rows that the loss is right for.
        hears: true if `hear` wants the episodes; they are gathered from all processes.
        needs_references: true if a run without any reference is refused.
    """

    replaces: ClassVar[bool] = True
    hears: ClassVar[bool] = False
    needs_references: ClassVar[bool] = False
    accepts: ClassVar[frozenset[RowKind]] = frozenset({"sampled", "continued"})

    def check(self, config: Any) -> None:
        """Refuse settings that make the objective wrong or without effect.

        Args:
            config: the run's settings, a `RunConfig`.

        Raises:
            ConfigError: names the key, and a setting to use instead.
        """

    def start(self, student: Student, load: Callable[[str], Student]) -> None:
        """Called once before the training.

        Args:
            student: the student to train.
            load: loads a second model; takes a name as the key `model` does.

        Raises:
            ConfigError: the student and the objective do not fit together.
        """

    def hear(self, groups: Sequence[PlayedGroup]) -> None:
        """Called before the losses of a batch with its groups, if the objective `hears`.

        Args:
            groups: with the episodes of all processes.
        """

    @abstractmethod
    def loss(self, batch: MicroBatch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Give the loss of each token, and figures.

        Args:
            batch: one micro batch.

        Returns:
            The losses, [B, T], and name → values, [B, T]. The mean of each figure over the step's
            sampled tokens becomes the metric `objective/NAME`, and reaches `after_step`.
        """

    def after_step(self, figures: Mapping[str, float]) -> None:
        """Called after each optimizer step, with the same figures in every process.

        Args:
            figures: name → mean over the sampled tokens of the step, with `entropy` among the
                names.
        """
