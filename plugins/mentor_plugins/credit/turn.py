"""TurnAdvantage: the trajectory's advantage, moved up or down turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.credit import Credit, Layout, group_means
from mentor_core.errors import ConfigError
from mentor_core.reward import Composed, Floats
from mentor_plugins.credit.spread import Scale, spreads

__all__ = ["TurnAdvantage"]


class TurnAdvantage(Credit):
    """Advantage (R - mean R + turn_weight·(g - mean g)) / spread for the tokens of each turn.

    R is the trajectory's reward and mean R that of its group. g is what this turn and those
    after it added, and mean g the mean over the group of what was added from the same turn on;
    a trajectory that had ended by then counts there with 0. The spread is that of R, as in
    `group`. A trajectory without a reward gets 0 throughout and does not count in means, and
    tokens outside the turns get 0.

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
        spreads_B = spreads(rewards_B, groups_B, self.scale)
        advantages = [np.zeros(layout.length) for layout in layouts]
        scored_B = ~np.isnan(rewards_B)
        for group in np.unique(groups_B[scored_B]):
            members = np.flatnonzero(scored_B & (groups_B == group)).tolist()
            gains_BN = _gains([composed.turns_N[b] for b in members])
            gains_BN -= gains_BN.mean(axis=0)
            for b, gains_N in zip(members, gains_BN, strict=True):
                turns_N = (differences_B[b] + self.turn_weight * gains_N) / spreads_B[b]
                for span, value in zip(
                    layouts[b].spans, turns_N[: len(composed.turns_N[b])], strict=True
                ):
                    if span is not None:
                        advantages[b][slice(*span)] = value
        return advantages


def _gains(turns_N: Sequence[Floats]) -> Floats:
    """What was added from each turn on, [members, longest]; 0 after the end of an episode."""
    added_BN = np.zeros((len(turns_N), max(map(len, turns_N), default=0)))
    for row, turns in zip(added_BN, turns_N, strict=True):
        row[: len(turns)] = np.nan_to_num(turns)
    gains_BN: Floats = added_BN[:, ::-1].cumsum(axis=1)[:, ::-1]
    return gains_BN.copy()
