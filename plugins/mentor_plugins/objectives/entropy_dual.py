"""EntropyDual: the clipped policy gradient with a multiplier that holds the entropy at a target."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import Field, PrivateAttr

from mentor_core.contracts.objective import MicroBatch, Objective
from mentor_plugins.objectives.dapo import clipped

__all__ = ["EntropyDual"]


class EntropyDual(Objective):
    """The losses of `dapo`, with α·(−log π − H) added to the advantage; α follows the entropy.

    After each step log α moves by rate·(target − entropy), and α stays in [least, most]. The
    entropy's gradient is estimated on the sampled tokens. The gradient of E[−log π] is a policy
    gradient with the advantage −log π − H. H is the mean over the micro batch's tokens.

    Differences from the source: there is no Q function, and the actions are tokens.

    Source: Soft Actor-Critic (arXiv 1812.05905), section 5, formula 17.
    """

    target: float = Field(..., gt=0, description="entropy to hold, in nats a token")
    rate: float = Field(1.0, gt=0, description="step size of the multiplier's logarithm")
    least: float = Field(1e-4, gt=0, description="smallest multiplier")
    most: float = Field(10.0, gt=0, description="largest multiplier")
    low: float = Field(0.2, gt=0, lt=1, description="the ratio counts down to 1 − low")
    high: float = Field(0.2, gt=0, description="the ratio counts up to 1 + high")

    _multiplier: float = PrivateAttr(default=1e-2)

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        surprise_BT = -batch.old_logps_BT
        mean = (surprise_BT * batch.mask_BT).sum() / batch.mask_BT.sum().clamp(min=1.0)
        bonus_BT = self._multiplier * (surprise_BT - mean)
        losses_BT, figures = clipped(batch, batch.advantages_BT + bonus_BT, self.low, self.high)
        return losses_BT, figures | {
            "multiplier": bonus_BT.new_full(bonus_BT.shape, self._multiplier)
        }

    def after_step(self, figures: Mapping[str, float]) -> None:
        """Raise the multiplier if the entropy is below the target, lower it if above."""
        error = self.target - figures["entropy"]
        moved = math.log(self._multiplier) + self.rate * error
        self._multiplier = min(max(math.exp(min(moved, 50.0)), self.least), self.most)

    def state(self) -> dict[str, Any]:
        return {"multiplier": self._multiplier}

    def restore(self, state: dict[str, Any]) -> None:
        self._multiplier = state.get("multiplier", self._multiplier)
