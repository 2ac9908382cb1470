"""MultiCritic: each reward term has an advantage of its own, and all have equal spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from mentor_core.contracts.reward import Composed, Floats, Worth
from mentor_plugins.credit.scaling import EPSILON
from mentor_plugins.credit.valued import Valued
from mentor_toolkit.returns import advantages, term_rewards

__all__ = ["MultiCritic"]


class MultiCritic(Valued):
    """A = Σ_k w_k·A_k/σ_k over the reward terms, w the weights of the reward.

    A_k is the advantage of `turn_critic` from the term's own rewards and values. σ_k is the root
    mean square of A_k over the batch's turns. So a term with a small spread has as much influence
    as one with a large spread. A term that does not score an episode adds 0.

    The composer matters only in the first steps without values, when a turn gets the reward less
    the group's mean.

    Source: SLIM (arXiv 2402.00823): one critic a reward, and normalised advantages. Its discovery
    of skills has no part here.
    """

    needs_values: ClassVar[Worth | None] = "terms"

    lam: float = Field(
        0.9, ge=0, le=1, description="1: the whole return counts; 0: this turn and the next value"
    )

    def of_turns(
        self, composed: Composed, values_N: Sequence[Floats], turns: dict[int, int]
    ) -> dict[int, Floats]:
        assert composed.scores is not None
        found_NK = {
            b: np.nan_to_num(
                advantages(term_rewards(composed, b), values_N[b], composed.discount, self.lam)
            )
            for b in turns
        }
        if not found_NK:
            return {}
        squares_K = np.mean(np.concatenate([*found_NK.values()]) ** 2, axis=0)
        factors_K = composed.scores.weights_K / (np.sqrt(squares_K) + EPSILON)
        return {b: of_NK @ factors_K for b, of_NK in found_NK.items()}
