"""TurnAdvantage: the trajectory's advantage, moved up or down turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.contracts.credit import Credit, Layout, group_means
from mentor_core.contracts.reward import Composed, Floats
from mentor_core.support.errors import ConfigError
from mentor_plugins.credit.scaling import Scale, divisors

__all__ = ["TurnAdvantage"]


class TurnAdvantage(Credit):
    """Advantage (R - mean R + turn_weight·(g - mean g)) / std for the tokens of each turn.

    R is the trajectory's reward and mean R that of its group. g is what this turn and those
    after it added, and mean g the mean over the group of what was added from the same turn on;
    a trajectory that had ended by then counts there with 0. The std is that of R, as in
    `group`, or that of turn_weight·(g - mean g), where this differs by more: two trajectories
    that earned the same at other turns are no reason to divide by nothing. A trajectory without
    a reward gets 0 throughout and does not count in means, and tokens outside the turns get 0.

    So stopping pays only where what would follow would lower the reward: cut after a turn, a
    trajectory gets no turn a higher advantage, unless the turns cut off took more than they
    gave. Mean g does not depend on what the turn is, so that the expected gradient is that of
    R + turn_weight·(sum of what the turns added), whatever the lengths: turns say when a
    reward was earned, and want nothing besides.

    Source: the policy gradient theorem with a baseline (Sutton et al., 1999), a turn as a step.
    """

    needs_turns: ClassVar[bool] = True

    turn_weight: float = Field(
        0.5, ge=0, allow_inf_nan=False, description="what the turns' own rewards count"
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
        """The std of the rewards; that of the shifts, about 0, where they differ by more."""
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
    """What was added from each turn on, less the mean of the group there; 0 without a reward."""
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
