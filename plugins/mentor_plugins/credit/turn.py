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
    """Advantage (R - mean R + turn_weight·(r - mean r)) / spread for the tokens of each turn.

    R is the trajectory's reward and mean R that of its group; r is the turn's reward and
    mean r that of all scored turns of the group's scored trajectories. The spread is that of
    R, as in `group`. A turn without a reward gets the trajectory's advantage alone; a
    trajectory without a reward gets 0 throughout, and so do tokens outside the turns.
    """

    needs_turns: ClassVar[bool] = True

    turn_weight: float = Field(
        0.5, ge=0, allow_inf_nan=False, description="what the turn's own reward counts"
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
        turns_N = _centred(composed.turns_N, rewards_B, groups_B)
        advantages = [np.zeros(layout.length) for layout in layouts]
        for b in np.flatnonzero(~np.isnan(rewards_B)).tolist():
            for (start, end), turn in zip(layouts[b].spans, turns_N[b], strict=True):
                value = differences_B[b] + self.turn_weight * turn
                advantages[b][start:end] = value / spreads_B[b]
        return advantages


def _centred(
    turns_N: Sequence[Floats], rewards_B: Floats, groups_B: npt.NDArray[np.int64]
) -> list[Floats]:
    """Each turn's reward less the mean over its group's turns; 0 where it has none."""
    lengths = [len(turns) for turns in turns_N]
    flat = np.concatenate([*turns_N, np.empty(0)])
    flat[np.repeat(np.isnan(rewards_B), lengths)] = np.nan
    centred = np.nan_to_num(flat - group_means(flat, np.repeat(groups_B, lengths)))
    return np.split(centred, np.cumsum(lengths)[:-1])
