"""DirectAdvantage: turns become as much likelier as their advantage says, by a quadratic loss."""

from __future__ import annotations

from typing import Any

from mentor_core.contracts.objective import MicroBatch, Objective
from mentor_core.support.errors import ConfigError
from mentor_plugins.objectives.turns import sums_of_turns

__all__ = ["DirectAdvantage"]


class DirectAdvantage(Objective):
    """(Σ log π/π_old − a)²/2 for each turn, with the sum over the turn's tokens.

    a is the number that the credit `direct_advantage` gives all tokens of a turn. The turn's tokens
    share the loss equally. The minimum is π_old·exp(A/β)/Z, turn by turn, so several passes over a
    batch approach a policy and do not run away from it.

    A turn is a run of sampled tokens. Turns with a = 0, such as those of episodes without a reward,
    keep their probability.

    Source: Direct Advantage Policy Optimization (arXiv 2412.18279), section 3.
    """

    def check(self, config: Any) -> None:
        if config.credit != "direct_advantage":
            raise ConfigError(
                f"objective direct_advantage fits log-ratios, and credit={config.credit} gives "
                "advantages; use --set credit=direct_advantage --set critic=linear"
            )

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        moved_BT = batch.logps_BT - batch.old_logps_BT
        totals_BT, counts_BT = sums_of_turns(moved_BT, batch.mask_BT)
        errors_BT = totals_BT - batch.advantages_BT
        losses_BT = errors_BT**2 / 2 / counts_BT.clamp(min=1.0)
        return losses_BT, {"error": errors_BT.detach().abs()}
