"""Dapo: the clipped policy gradient, averaged over tokens."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mentor_core.contracts.objective import MicroBatch, Objective

__all__ = ["Dapo", "clipped"]


class Dapo(Objective):
    """−min(r·A, clip(r, 1 − low, 1 + high)·A) for each token, with the importance ratio r.

    The loss equals TRL's `loss_type="dapo"`. Other objectives build on this class, and the equality
    shows that the extension point changes nothing.

    Source: DAPO (arXiv 2503.14476), formula 8, without its filter of groups.
    """

    low: float = Field(0.2, gt=0, lt=1, description="the ratio counts down to 1 − low")
    high: float = Field(0.2, gt=0, description="the ratio counts up to 1 + high")

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        return clipped(batch, batch.advantages_BT, self.low, self.high)


def clipped(
    batch: MicroBatch, advantages_BT: Any, low: float, high: float
) -> tuple[Any, dict[str, Any]]:
    """The clipped losses for advantages [B, T]; the figure is 1.0 for ratios outside, else 0.0."""
    ratios_BT = batch.ratios()
    inside_BT = ratios_BT.clamp(1 - low, 1 + high)
    losses_BT = -(ratios_BT * advantages_BT).minimum(inside_BT * advantages_BT)
    return losses_BT, {"clipped": (ratios_BT != inside_BT).float().detach()}
