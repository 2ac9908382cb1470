"""Rules: the reward as a table of cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from mentor_core.contracts.reward import Composed, Composer, RewardTerm, Scores
from mentor_core.support.errors import ConfigError, nearest

__all__ = ["Rule", "Rules"]


class Rule(BaseModel):
    """One case, and the reward in it: base + Σ weights·score."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: dict[str, float | Literal["missing", "scored"]] = Field(
        default_factory=dict,
        description="term → the score it must have, or missing (not scored), or scored (any "
        "score); empty: always",
    )
    base: float = Field(0.0, allow_inf_nan=False)
    weights: dict[str, float] = Field(
        default_factory=dict, description="term → factor of its score"
    )


class Rules(Composer):
    """The first rule whose conditions hold gives the reward; without such a rule there is none.

    A trajectory has no reward if the rule weighs a term that does not score the trajectory. The
    weights of `[terms]` do not count here.
    """

    rules: list[Rule] = Field(min_length=1, description="the cases, tried in this order")

    def check(self, terms: Mapping[str, RewardTerm], weights: Mapping[str, float]) -> None:
        self._check(terms)

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        self._check(scores.terms)
        rewards_B = np.full(len(scores.values_BK), np.nan)
        open_B = np.ones(len(rewards_B), dtype=np.bool_)
        for rule in self.rules:
            holds_B = open_B.copy()
            for term, wanted in rule.when.items():
                values_B = scores.column(term)
                match wanted:
                    case "missing":
                        holds_B &= np.isnan(values_B)
                    case "scored":
                        holds_B &= ~np.isnan(values_B)
                    case _:
                        holds_B &= values_B == wanted
            reward_B = np.full(len(rewards_B), rule.base)
            for term, weight in rule.weights.items():
                reward_B += weight * scores.column(term)
            rewards_B[holds_B] = reward_B[holds_B]
            open_B &= ~holds_B
        return Composed(rewards_B)

    def _check(self, terms: Iterable[str]) -> None:
        """Raises ConfigError if a rule names a term that the reward does not have."""
        known = set(terms)
        for number, rule in enumerate(self.rules, 1):
            for name in [*rule.when, *rule.weights]:
                if name not in known:
                    raise ConfigError(
                        f"rules: rule {number} names {name!r}, which is not a term of this "
                        f"reward{nearest(name, known)}"
                    )
