"""Linear: values by ridge regression of returns on features of the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.learner import Critic, Judged
from mentor_core.contracts.reward import Composed, Example, Floats, Worth
from mentor_plugins.critics.features import by_episode, explained, own_returns, states
from mentor_toolkit.returns import term_rewards, turn_rewards
from mentor_toolkit.ridge import Features, Ridge

__all__ = ["Linear", "LinearTerms"]


class Linear(Critic):
    """V(s) = w·x(s), fitted to the discounted returns from each state on. The terminal value is 0.

    x are the features of `mentor_plugins.critics.features.states`. Older batches lose weight by
    `memory`, as the student that played them has changed. The first `warmup` batches have no
    values.

    Source: Monte-Carlo evaluation with linear functions, Sutton and Barto (2018), section 9.4.
    """

    requires: ClassVar[tuple[str, ...]] = ("outcome",)

    ridge: float = Field(1.0, gt=0, description="penalty of the weights")
    memory: float = Field(0.9, ge=0, le=1, description="weight of the old data, at each batch")
    warmup: int = Field(2, ge=1, description="batches to learn from before the first values")

    _fits: dict[str, Ridge] = PrivateAttr(default_factory=dict)
    _batches: int = PrivateAttr(default=0)

    def note(self, example: Example) -> list[Features]:
        return states(example)

    def values(self, notes: Sequence[list[Features]]) -> list[Floats] | None:
        if self._batches < self.warmup:
            return None
        rows = [state for note in notes for state in note]
        columns = [fit.design(rows) @ fit.solve() for fit in self._fits.values()]
        return by_episode(self._shaped(np.stack(columns, 1)), notes)

    def learn(self, notes: Sequence[list[Features]], judged: Judged) -> Mapping[str, float | None]:
        rows, targets = own_returns(notes, judged, self.discount, self._rewards)
        wanted = np.concatenate(targets)
        wanted = wanted[:, None] if wanted.ndim == 1 else wanted
        for column, name in enumerate(self._names(judged)):
            fit = self._fits.setdefault(name, Ridge(self.ridge))
            known = ~np.isnan(wanted[:, column])
            fit.forget(self.memory)
            fit.add(fit.design(rows, grow=True)[known], wanted[known, column])
        self._batches += 1
        return {"explained": explained(judged, targets)}

    def state(self) -> dict[str, Any]:
        fits = {name: fit.state() for name, fit in self._fits.items()}
        return {"batches": self._batches, "fits": fits}

    def restore(self, state: dict[str, Any]) -> None:
        self._batches, self._fits = state.get("batches", 0), {}
        for name, saved in state.get("fits", {}).items():
            self._fits[name] = Ridge(self.ridge)
            self._fits[name].restore(saved)

    def _names(self, judged: Judged) -> Sequence[str]:
        return ("reward",)

    def _rewards(self, composed: Composed, b: int, turns: int) -> Floats:
        return turn_rewards(composed, b, turns)

    def _shaped(self, values_NK: Floats) -> Floats:
        return values_NK[:, 0].copy()


class LinearTerms(Linear):
    """As `linear`, with values of each reward term by itself, for the credit `multi_critic`."""

    gives: ClassVar[Worth] = "terms"

    def _names(self, judged: Judged) -> Sequence[str]:
        return judged.scores.terms

    def _rewards(self, composed: Composed, b: int, turns: int) -> Floats:
        return term_rewards(composed, b)

    def _shaped(self, values_NK: Floats) -> Floats:
        return values_NK.copy()
