"""TurnCritic: generalised advantages over turns, from a critic's values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from mentor_core.contracts.reward import Composed, Floats, Worth
from mentor_plugins.credit.valued import Valued
from mentor_toolkit.returns import advantages, turn_rewards

__all__ = ["TurnCritic"]


class TurnCritic(Valued):
    """A_k = Σ_j (γ·lam)^j·δ_(k+j) with δ_k = r_k + γ·V_(k+1) − V_k, for all tokens of turn k.

    r are the rewards that the turns earned, whose sum is the episode's reward. V and the discount γ
    are the critic's. Without values, in the first steps, a turn gets the reward less the group's
    mean.

    Source: VL-DAC (arXiv 2508.04280), values by turns beside actions by tokens; GAE (arXiv
    1506.02438), formula 16.
    """

    needs_values: ClassVar[Worth | None] = "reward"

    lam: float = Field(
        0.9, ge=0, le=1, description="1: the whole return counts; 0: this turn and the next value"
    )

    def of_turns(
        self, composed: Composed, values_N: Sequence[Floats], turns: dict[int, int]
    ) -> dict[int, Floats]:
        return {
            b: advantages(
                turn_rewards(composed, b, count), values_N[b], composed.discount, self.lam
            )
            for b, count in turns.items()
        }
