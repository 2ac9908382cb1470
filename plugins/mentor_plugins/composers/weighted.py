"""Weighted: base of composers whose weights may change over the training."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from mentor_core.contracts.reward import Composer, Floats, RewardTerm, Scores
from mentor_core.support.errors import ConfigError, nearest

__all__ = ["Weighted"]


class Weighted(Composer, ABC):
    """A composer with weights that follow a schedule; gives rewards per turn, too.

    Between two points of the schedule a weight changes in a straight line; before the first point
    and after the last the weight is constant. Terms without a schedule keep their weight.
    """

    gives_turns: ClassVar[bool] = True

    schedule: dict[str, list[tuple[float, float]]] = Field(
        default_factory=dict,
        description="term → points [share of the training that is done, weight], in order; they "
        "replace the term's weight",
    )

    @field_validator("schedule")
    @classmethod
    def _ordered(
        cls, schedule: dict[str, list[tuple[float, float]]]
    ) -> dict[str, list[tuple[float, float]]]:
        for term, points in schedule.items():
            shares = [share for share, _ in points]
            if not points or shares != sorted(set(shares)) or shares[0] < 0 or shares[-1] > 1:
                raise ValueError(f"{term}: expected points of rising shares in [0, 1]")
            if not np.isfinite(points).all():
                raise ValueError(f"{term}: a weight is not finite")
        return schedule

    def check(self, terms: Mapping[str, RewardTerm], weights: Mapping[str, float]) -> None:
        for name in self.schedule:
            if name not in terms:
                raise ConfigError(
                    f"schedule: {name!r} is not a term of this reward{nearest(name, terms)}"
                )
        for share, weights_K in self._turning_points(weights):
            if not weights_K.any():
                raise ConfigError(f"schedule: all weights are zero at {share:g} of the training")
            self.check_weights(tuple(weights), weights_K)

    def check_weights(self, terms: tuple[str, ...], weights_K: Floats) -> None:
        """Refuse weights; called for the beginning, the end and each point of the schedule.

        Raises:
            ConfigError: the weights do not fit; says why.
        """

    def weights_at(self, training_progress: float, scores: Scores) -> Floats:
        """The weights at a share of the training that is done, [K]."""
        return self._weights_at(training_progress, scores.terms, scores.weights_K)

    def _weights_at(
        self, training_progress: float, terms: tuple[str, ...], weights_K: Floats
    ) -> Floats:
        weights_K = weights_K.copy()
        for name, points in self.schedule.items():
            if name in terms:
                shares, weights = np.array(points).T
                weights_K[terms.index(name)] = np.interp(training_progress, shares, weights)
        return weights_K

    def _turning_points(self, weights: Mapping[str, float]) -> list[tuple[float, Floats]]:
        given_K = np.array([*weights.values()], dtype=np.float64)
        shares = {0.0, 1.0, *(share for points in self.schedule.values() for share, _ in points)}
        return [(s, self._weights_at(s, tuple(weights), given_K)) for s in sorted(shares)]
