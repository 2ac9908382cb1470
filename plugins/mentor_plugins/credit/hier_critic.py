"""HierCritic: a turn's own worth, by the values around it and not by the episode's end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from mentor_core.contracts.reward import Composed, Floats, Worth
from mentor_plugins.credit.valued import Valued
from mentor_toolkit.returns import advantages, turn_rewards

__all__ = ["HierCritic"]


class HierCritic(Valued):
    """A_k = Q_k − V_k with Q_k = r_k + γ·V_(k+1), for all tokens of turn k.

    With the critic `td`, values pass from episode to episode. A good turn of an episode that failed
    later then has a positive advantage. Without values, in the first steps, a turn gets the reward
    less the group's mean.

    Differences from the source: Q is the target itself and not a second model. A Q of typed
    features could not tell a right answer from a wrong one, and would remove the outcome of the
    last turn. There is no baseline for each token.

    Source: ArCHer (arXiv 2402.19446), section 3: values of utterances, policy gradient of tokens.
    """

    needs_values: ClassVar[Worth | None] = "reward"

    def of_turns(
        self, composed: Composed, values_N: Sequence[Floats], turns: dict[int, int]
    ) -> dict[int, Floats]:
        return {
            b: advantages(turn_rewards(composed, b, count), values_N[b], composed.discount, 0.0)
            for b, count in turns.items()
        }
