"""Stabilised: the student waits for the critic, and no turn's advantage is large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed, Floats
from mentor_plugins.credit.scaling import EPSILON
from mentor_plugins.credit.turn_critic import TurnCritic

__all__ = ["Stabilised"]


class Stabilised(TurnCritic):
    """The advantages A of `turn_critic`, as (A − mean A) / (std A + 1e-4), within ± `most`.

    Mean and std (unbiased) are those over the turns of the batch's scored episodes. A reward of a
    million thus moves the student no more than `most` deviations. While the critic has no values,
    all advantages are 0 and the student's weights stay as they are. The critic's option `warmup`
    says for how many steps.

    Differences from the source: there is no flow model, so its Wasserstein regulariser and its
    weighting by exp(A/β) have no counterpart.

    Source: AC-Flow, the stable actor-critic part: warm-up of the critic, standardised and clipped
    advantages.
    """

    most: float = Field(3.0, gt=0, allow_inf_nan=False, description="largest advantage, either way")

    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        if composed.values_N is None:
            return [np.zeros(layout.length) for layout in layouts]
        return super().assign(composed, groups_B, layouts)

    def of_turns(
        self, composed: Composed, values_N: Sequence[Floats], turns: dict[int, int]
    ) -> dict[int, Floats]:
        found = super().of_turns(composed, values_N, turns)
        every = np.concatenate([*found.values()]) if found else np.zeros(0)
        if every.size < 2:
            return {b: np.zeros_like(of_N) for b, of_N in found.items()}
        mean, divisor = every.mean(), every.std(ddof=1) + EPSILON
        return {
            b: np.clip((of_N - mean) / divisor, -self.most, self.most) for b, of_N in found.items()
        }
