"""Td: values by temporal differences to a slow target, from a window of past batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.learner import Critic, Judged
from mentor_core.contracts.reward import Example, Floats
from mentor_plugins.critics.features import by_episode, explained, own, own_returns, states
from mentor_toolkit.returns import turn_rewards
from mentor_toolkit.ridge import Features, Ridge
from mentor_toolkit.window import Window

__all__ = ["Td"]


class Td(Critic):
    """V(s) = w·x(s), fitted to r + discount·V'(s') on the turns of the last `window` batches.

    V' is the target: after each of `sweeps` fits it moves by `rate` towards the fit. V' gives the
    values; the terminal value is 0. So a good turn in an episode that failed later gets its worth
    from other episodes that went on from there. The target of `linear`, the return, cannot do that.

    Differences from the source: values are linear in the features of `linear`. Turns of older
    students have no importance weight, so V' belongs to the mixture of the students in the window.

    Source: ArCHer (arXiv 2402.19446), section 3.2: off-policy TD with a replay buffer and a Polyak
    target.
    """

    requires: ClassVar[tuple[str, ...]] = ("outcome",)

    ridge: float = Field(1.0, gt=0, description="penalty of the weights")
    window: int = Field(8, ge=1, description="batches whose turns are used again")
    sweeps: int = Field(8, ge=1, description="fits at each batch")
    rate: float = Field(0.5, gt=0, le=1, description="step of the target towards each fit")
    warmup: int = Field(2, ge=1, description="batches to learn from before the first values")

    _fit: Ridge = PrivateAttr()
    _turns: Window = PrivateAttr()
    _target_D: Floats = PrivateAttr(default_factory=lambda: np.zeros(1))
    _batches: int = PrivateAttr(default=0)

    def model_post_init(self, _: Any) -> None:
        self._fit, self._turns = Ridge(self.ridge), Window(self.window)

    def note(self, example: Example) -> list[Features]:
        return states(example)

    def values(self, notes: Sequence[list[Features]]) -> list[Floats] | None:
        if self._batches < self.warmup:
            return None
        rows = [state for note in notes for state in note]
        return by_episode(self._worth(self._fit.design(rows)), notes)

    def learn(self, notes: Sequence[list[Features]], judged: Judged) -> Mapping[str, float | None]:
        played: list[list[Any]] = []  # state, reward, next state or None at the end
        for b, note in enumerate(notes):
            last = len(note) - 1
            turns = own(last, judged.replayed[b])
            rewards_N = turn_rewards(judged.composed, b, last)
            played += [
                [note[k], float(rewards_N[k]), note[k + 1] if k + 1 < last else None] for k in turns
            ]
        self._turns.add(played)
        self._batches += 1
        self._sweep()
        return {"explained": explained(judged, own_returns(notes, judged, self.discount)[1])}

    def _worth(self, design_RD: Floats) -> Floats:
        """The values of states, [R]."""
        return design_RD @ self._target_D

    def _sweep(self) -> None:
        """Move the target."""
        before, rewards, after = zip(*self._turns, strict=True) if [*self._turns] else ((), (), ())
        lasting_R = np.array([state is not None for state in after], dtype=np.float64)
        self._fit.forget(0.0)
        before_RD = self._fit.design(before, grow=True)
        after_RD = self._fit.design([state or {} for state in after])
        rewards_R = np.array(rewards, dtype=np.float64)
        target_D = np.pad(self._target_D, (0, before_RD.shape[1] - len(self._target_D)))
        self._fit.add(before_RD, rewards_R)
        for _ in range(self.sweeps):
            later_R = self.discount * lasting_R * (after_RD @ target_D)
            fitted_D = self._fit.solve(before_RD.T @ (rewards_R + later_R))
            target_D = target_D + self.rate * (fitted_D - target_D)
        self._target_D = target_D

    def state(self) -> dict[str, Any]:
        return {
            "batches": self._batches,
            "features": self._fit.state()["features"],
            "target": self._target_D.tolist(),
            "turns": self._turns.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        if not state:
            return
        size = len(state["features"]) + 1
        self._fit.restore(
            {
                "features": state["features"],
                "gram": np.zeros((size, size)),
                "moment": np.zeros(size),
            }
        )
        self._batches, self._target_D = state["batches"], np.array(state["target"])
        self._turns.restore(state["turns"])
