"""Trl: the loss that TRL computes by itself, with all its settings."""

from __future__ import annotations

from typing import Any, ClassVar

from mentor_core.contracts.objective import MicroBatch, Objective

__all__ = ["Trl"]


class Trl(Objective):
    """TRL's own loss, unchanged: settings such as `train.trl.loss_type` choose it; by default DAPO.

    Source: TRL's GRPOTrainer.
    """

    replaces: ClassVar[bool] = False

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        """Never called, as `replaces` is false.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("the objective trl leaves the loss to TRL")
