"""RiskAdjusted: the change that an episode makes to the ratio of mean reward and its deviation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.reward import Composed, Floats, RewardTerm, Scores
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.mean import Missing, weighted_rewards
from mentor_plugins.composers.weighted import Weighted

__all__ = ["RiskAdjusted"]


class RiskAdjusted(Weighted):
    """Reward (B·(x − A) − A·(x² − B)/2) / (B − A²)^(3/2), the derivative of the Sharpe ratio.

    x is the weighted mean of the terms, A the moving mean of x and B that of x². A/√(B − A²) is the
    ratio of reward and risk. The student learns to raise the ratio: an action of lower mean and
    much lower deviation wins. The mean reward falls for that, and nothing else is promised.

    A and B move by `rate` after each batch, towards the batch's means. So all episodes of a batch
    are judged alike. The deviation is at least `floor`. The first batch, without A and B, uses its
    own means. Rewards per turn are left out: risk is a property of whole episodes.

    The term `outcome` alone is refused. The deviation of rewards of two values is a function of
    their mean, so the ratio orders episodes as the mean does. `graded=true` says that the
    environment's outcomes are graded.

    Differences from the source: the moving means follow batches, not single steps.

    Source: Moody and Saffell, Learning to trade via direct reinforcement (IEEE Transactions on
    Neural Networks 12, 2001), formula 12.
    """

    gives_turns = False

    rate: float = Field(0.1, gt=0, le=1, description="step of the moving means at each batch")
    floor: float = Field(0.05, gt=0, description="least deviation, in units of x")
    graded: bool = Field(False, description="outcomes have more than two values")
    missing: Missing = Field(
        "unscored",
        description="for a trajectory that a term does not score: unscored: no reward; "
        "renormalise: the other terms take over the term's weight in proportion",
    )

    _means: tuple[float, float] | None = PrivateAttr(default=None)

    def check(self, terms: Mapping[str, RewardTerm], weights: Mapping[str, float]) -> None:
        if not self.graded and [name for name, weight in weights.items() if weight] == ["outcome"]:
            raise ConfigError(
                "risk_adjusted: the outcome alone has two values, whose risk is a function of the "
                "mean; add a term, such as --rewards outcome,efficiency, or set "
                "reward.composer_options.graded=true if outcomes are graded"
            )
        super().check(terms, weights)

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        weights_K = self.weights_at(training_progress, scores)
        rewards_B = weighted_rewards(scores, weights_K, self.missing).rewards_B
        scored = rewards_B[~np.isnan(rewards_B)]
        if not scored.size:
            return Composed(rewards_B)
        batch = (float(scored.mean()), float((scored**2).mean()))
        mean, square = self._means or batch
        self._means = (
            mean + self.rate * (batch[0] - mean),
            square + self.rate * (batch[1] - square),
        )
        return Composed(self._derivative(rewards_B, mean, square))

    def _derivative(self, rewards_B: Floats, mean: float, square: float) -> Floats:
        variance = max(square - mean**2, self.floor**2)
        rise_B = square * (rewards_B - mean) - mean * (rewards_B**2 - square) / 2
        derivative_B: Floats = rise_B / variance**1.5
        return derivative_B

    def state(self) -> dict[str, Any]:
        return {} if self._means is None else {"means": list(self._means)}

    def restore(self, state: dict[str, Any]) -> None:
        found = state.get("means")
        self._means = (found[0], found[1]) if found else None
