"""TurnAdvantage: the trajectory's advantage, moved up or down turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.contracts.credit import Credit, Layout
from mentor_core.contracts.reward import Composed, Floats
from mentor_core.support.errors import ConfigError
from mentor_plugins.credit.scaling import Scale, divisors
from mentor_toolkit.group_means import group_means

__all__ = ["TurnAdvantage"]


class TurnAdvantage(Credit):
    """Advantage (R - mean R + turn_weight·(g - mean g)) / std for the tokens of each turn.

    R is the trajectory's reward, and mean R the mean over its group. g is the sum of the additions
    of this turn and all later turns. Mean g is the mean of g at the same turn over the group; a
    trajectory that had ended by then counts with 0. The std is the larger one of two: the std of R,
    as in `group`, and the root mean square of turn_weight·(g - mean g). The second matters if two
    trajectories earned the same reward at different turns: the std of R is then 0. A trajectory
    without a reward gets 0 throughout and does not count in means. Tokens outside the turns get 0.

    So stopping pays only if later turns would lower the reward. A trajectory cut after a turn gives
    no turn a higher advantage, unless the turns cut off lost more than they earned. Mean g does not
    depend on the content of the turn. So the expected gradient is the gradient of R +
    turn_weight·(sum of the turns' additions), whatever the lengths. Turn rewards say when a reward
    was earned, and reward nothing else.

    Source: the policy gradient theorem with a baseline (Sutton et al., 1999), a turn as a step.
    """

    needs_turns: ClassVar[bool] = True

    turn_weight: float = Field(
        0.5, ge=0, allow_inf_nan=False, description="weight of the turns' own rewards"
    )
    scale: Scale = Field(
        "batch",
        description="divide by the standard deviation of the trajectories' rewards over the "
        "batch, or over the group, or not at all",
    )

    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        """Advantages, one array [T] a trajectory.

        Raises:
            ConfigError: the composer gives no rewards per turn.
        """
        if composed.turns_N is None:
            raise ConfigError(
                "the credit 'turn' needs rewards per turn, and this composer gives none"
            )
        rewards_B = composed.rewards_B
        differences_B = rewards_B - group_means(rewards_B, groups_B)
        shifts_N = [
            self.turn_weight * gains_N for gains_N in _gains(composed.turns_N, rewards_B, groups_B)
        ]
        divisors_B = self._divisors(rewards_B, shifts_N, groups_B)
        advantages = [np.zeros(layout.length) for layout in layouts]
        for b in np.flatnonzero(~np.isnan(rewards_B)).tolist():
            values_N = (differences_B[b] + shifts_N[b]) / divisors_B[b]
            for span, value in zip(layouts[b].spans, values_N, strict=True):
                if span is not None:
                    advantages[b][slice(*span)] = value
        return advantages

    def _divisors(
        self, rewards_B: Floats, shifts_N: Sequence[Floats], groups_B: npt.NDArray[np.int64]
    ) -> Floats:
        """The std of the rewards, or the root mean square of the shifts if that is larger."""
        divisors_B = divisors(rewards_B, groups_B, self.scale)
        if self.scale == "none":
            return divisors_B
        alike_B = groups_B if self.scale == "group" else np.zeros_like(groups_B)
        for label in np.unique(alike_B):
            members_B = alike_B == label
            shifts = np.concatenate([shifts_N[b] for b in np.flatnonzero(members_B).tolist()])
            if shifts.size:
                divisors_B[members_B] = np.maximum(
                    divisors_B[members_B], np.sqrt(np.mean(shifts**2))
                )
        return divisors_B


def _gains(
    turns_N: Sequence[Floats], rewards_B: Floats, groups_B: npt.NDArray[np.int64]
) -> list[Floats]:
    """g - mean g of each turn (see `TurnAdvantage`); 0 for a trajectory without a reward."""
    longest = max(map(len, turns_N), default=0)
    gains_BN = np.zeros((len(turns_N), longest))  # 0 after the end of an episode, too
    for gains_N, turns in zip(gains_BN, turns_N, strict=True):
        gains_N[: len(turns)] = np.nan_to_num(turns)[::-1].cumsum()[::-1]
    scored_B = ~np.isnan(rewards_B)
    gains_BN[~scored_B] = 0
    for group in np.unique(groups_B[scored_B]):
        members_B = scored_B & (groups_B == group)
        gains_BN[members_B] -= gains_BN[members_B].mean(axis=0)
    return [gains_N[: len(turns)] for gains_N, turns in zip(gains_BN, turns_N, strict=True)]
