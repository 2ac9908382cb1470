"""Annealed: the teacher's weight in a task falls as the student's success at the task grows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from mentor_core.contracts.reward import Composed, Floats, Scores
from mentor_core.support.errors import ConfigError, nearest
from mentor_plugins.composers.mean import weighted_rewards
from mentor_plugins.composers.weighted_sum import WeightedSum

__all__ = ["Annealed"]

_OUTCOME = "outcome"


class Annealed(WeightedSum):
    """Reward Σ f·w·s / Σ |f·w|, with f = max(0, 1 - p / `until`) for the terms in `terms`, else 1.

    p is the share of verified successes in the trajectory's group: how well the student does this
    task now. The teacher's terms guide while the student fails. The outcome alone counts when the
    student succeeds as often as the teacher does (`until`). All trajectories of a group have the
    same weights, so that only the terms' scores order them.

    If no trajectory of a group has an outcome, the weights stay as they are.
    """

    requires: ClassVar[tuple[str, ...]] = (_OUTCOME,)

    terms: list[str] = Field(
        default=["teacher"], min_length=1, description="terms whose weight falls"
    )
    until: float = Field(1.0, gt=0, le=1, description="share of success at which their weight is 0")

    @field_validator("terms")
    @classmethod
    def _not_the_outcome(cls, terms: list[str]) -> list[str]:
        if _OUTCOME in terms:
            raise ValueError("the weight of the outcome cannot fall with the outcome")
        return terms

    def check_weights(self, terms: tuple[str, ...], weights_K: Floats) -> None:
        for name in self.terms:
            if name not in terms:
                raise ConfigError(
                    f"annealed: {name!r} is not a term of this reward{nearest(name, terms)}"
                )
        if not weights_K[self._stays(terms)].any():
            raise ConfigError(
                "annealed: only terms whose weight falls have a weight, so that a task that is "
                f"solved has none; give {_OUTCOME!r} a weight"
            )

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        weights_K = self.weights_at(training_progress, scores)
        scale = 1.0 if self.normalise else float(np.abs(weights_K).sum())
        stays_K, outcome_B = self._stays(scores.terms), scores.column(_OUTCOME)
        rewards_B = np.full(len(outcome_B), np.nan)
        turns_N: list[Floats] = [np.empty(0)] * len(outcome_B)
        for group in np.unique(scores.groups_B):
            members = np.flatnonzero(scores.groups_B == group)
            faded_K = np.where(stays_K, weights_K, weights_K * self._share(outcome_B[members]))
            own = Scores(
                scores.terms,
                scores.weights_K,
                scores.values_BK[members],
                [scores.turns_NK[member] for member in members],
                scores.groups_B[members],
            )
            composed = weighted_rewards(own, faded_K, self.missing, scale)
            rewards_B[members] = composed.rewards_B
            for member, turns in zip(members, composed.turns_N or (), strict=True):
                turns_N[member] = turns
        return Composed(rewards_B, turns_N)

    def _share(self, outcome_G: Floats) -> float:
        """The share of its weight that a falling term keeps in a group."""
        verified_G = outcome_G[~np.isnan(outcome_G)]
        success = float((verified_G >= 1.0).mean()) if verified_G.size else 0.0
        return max(0.0, 1.0 - success / self.until)

    def _stays(self, terms: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.array([name not in self.terms for name in terms])
