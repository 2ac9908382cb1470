"""SpoWinrate: the reward is the share of the group's other episodes that an episode beats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from mentor_core.contracts.reward import Composed, Composer, Floats, RewardTerm, Scores
from mentor_core.support.errors import ConfigError, nearest

__all__ = ["SpoWinrate"]


class SpoWinrate(Composer):
    """Reward (wins + draws/2) / (others) within the group, in [0, 1].

    The higher score in the first term wins. If two scores differ by no
    more than `margin`, or a term does not score both, the next term decides, and so on. So terms
    need no common scale, and no sum lets many small scores outweigh an important one. A subclass
    with another preference, of a judge say, overrides `beats`; preferences may go in circles.

    An episode that no term scores has no reward and is nobody's opponent. An episode without an
    opponent has the reward 1/2. Weights give the order of the terms and no shares.

    Differences from the source: the preference is a rule on scores, not a model or a person.

    Source: SPO (arXiv 2401.04056), section 3, algorithm 1: win rate against the policy's own
    samples of the same prompt.
    """

    order: list[str] = Field(
        default_factory=list,
        description="terms, the most important first; empty: by weight, the largest first",
    )
    margin: float = Field(1e-6, ge=0, description="scores that differ by no more are equal")

    def check(self, terms: Mapping[str, RewardTerm], weights: Mapping[str, float]) -> None:
        for name in self.order:
            if name not in terms:
                raise ConfigError(
                    f"spo_winrate: order names {name!r}, which is not a term of this "
                    f"reward{nearest(name, terms)}"
                )
        if len(set(self.order)) < len(self.order):
            raise ConfigError("spo_winrate: order names a term twice")
        for name, weight in weights.items():
            if weight < 0:
                raise ConfigError(
                    f"spo_winrate: the weight of {name!r} is negative ({weight}); weights only "
                    "order the terms, and more of a term is always better"
                )

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        columns = self._columns(scores)
        values_BK = scores.values_BK[:, columns]
        rewards_B = np.full(len(values_BK), np.nan)
        for group in np.unique(scores.groups_B):
            scored_B = (scores.groups_B == group) & ~np.isnan(values_BK).all(axis=1)
            members = np.flatnonzero(scored_B).tolist()
            for b in members:
                wins = [self.beats(values_BK[b], values_BK[c]) for c in members if c != b]
                rewards_B[b] = float(np.mean(wins)) if wins else 0.5
        return Composed(rewards_B)

    def beats(self, one_K: Floats, other_K: Floats) -> float:
        """1 if the first episode is better, 0 if the other one is, 1/2 for a draw.

        Args:
            one_K: scores of one episode, the most important first; NaN if not scored.
            other_K: scores of the other episode.
        """
        for one, other in zip(one_K, other_K, strict=True):
            if abs(one - other) > self.margin:  # false if one of them is NaN
                return float(one > other)
        return 0.5

    def _columns(self, scores: Scores) -> list[int]:
        """Columns of the terms that count, in their order."""
        if self.order:
            return [scores.terms.index(name) for name in self.order]
        ranked = np.argsort(-scores.weights_K, kind="stable").tolist()
        return [k for k in ranked if scores.weights_K[k] > 0]
