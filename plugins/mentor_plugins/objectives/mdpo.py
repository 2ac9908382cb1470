"""Mdpo: a policy gradient that stays near the last policy by a divergence instead of a clip."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mentor_core.contracts.objective import MicroBatch, Objective
from mentor_core.support.errors import ConfigError

__all__ = ["Mdpo"]


class Mdpo(Objective):
    """−r·A + (1/η)·r·log r for each token, with the importance ratio r, in several passes.

    The minimum over all policies is π_old·exp(η·A), normalised. In the first pass r = 1, and the
    divergence has no gradient. So one pass alone would be the plain policy gradient.

    Source: Mirror Descent Policy Optimization (arXiv 2005.09814), section 4.1, formula 9.
    """

    eta: float = Field(1.0, gt=0, description="step size; small ones stay near the last policy")

    def check(self, config: Any) -> None:
        if config.train.trl.get("num_iterations", 1) < 2:
            raise ConfigError(
                "objective mdpo needs several passes over a batch: with one, its divergence has "
                "no gradient; set train.trl.num_iterations=4"
            )

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        ratios_BT = batch.ratios()
        divergence_BT = ratios_BT * (batch.logps_BT - batch.old_logps_BT)
        losses_BT = -ratios_BT * batch.advantages_BT + divergence_BT / self.eta
        return losses_BT, {"divergence": divergence_BT.detach()}
