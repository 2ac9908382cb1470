"""Gaussian_turn: mean and variance of the reward to come; of two heads the smaller counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.learner import Judged
from mentor_core.contracts.reward import Floats
from mentor_plugins.critics.td import Td
from mentor_toolkit.ridge import Features, solved

__all__ = ["GaussianTurn"]


class GaussianTurn(Td):
    """V(s) = min over heads of w_h·x(s), fitted as in `td`, with the variance σ²(s) = u_h·x(s).

    Each turn of the window teaches one of the heads, drawn once. So the heads' errors are
    independent, and the smaller mean does not praise a state that was lucky in one of them.

    - Mean: target r + discount·min_h w_h·x(s'), in a regression whose rows weigh ω/σ²(s).
    - Variance: target C(δ)² + discount²·σ²(s'). δ is the error of the mean, which C limits to
      ± `clip` times √ω. σ²(s') is that of the head with the smaller mean.

    ω is a moving average of σ² over the head's turns, in squared units of the reward. So rewards
    that are c times as large give values c times as large, and noisy turns count less. σ² is at
    least ω divided by `clip`².

    Differences from the source: heads are linear, and a step is `rate` of the way to the solution
    of a regression. The variance σ²(s') takes the place of a sampled return. The heads have
    different data, as linear heads with the same data would be equal.

    Source: the three refinements of DSAC-T (arXiv 2310.05858), which are expected value
    substitution, twin value distributions, and variance-based gradients. Halves of the data: Double
    Q-learning, van Hasselt (2010), algorithm 1.
    """

    heads: int = Field(2, ge=1, le=4, description="independent heads; values are the smallest mean")
    clip: float = Field(
        3.0, gt=0, description="largest error that counts for the variance, in standard deviations"
    )

    _means_HD: Floats = PrivateAttr()
    _variances_HD: Floats = PrivateAttr()
    _omega_H: Floats = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        self._means_HD, self._variances_HD = np.zeros((2, self.heads, 1))
        self._omega_H = np.zeros(self.heads)

    def learn(self, notes: Sequence[list[Features]], judged: Judged) -> Mapping[str, float | None]:
        """Adds the figure `deviation`: the root of the heads' mean ω, in units of the reward."""
        return {**super().learn(notes, judged), "deviation": float(np.sqrt(self._omega_H.mean()))}

    def _worth(self, design_RD: Floats) -> Floats:
        found_R: Floats = (design_RD @ self._means_HD.T).min(1)
        return found_R

    def _weights(self, variances_R: Floats) -> Floats:
        """ω/σ², the weight of each turn; 1 if there is no variance."""
        if not variances_R.any():
            return np.ones(len(variances_R))
        weights_R: Floats = variances_R.mean() / variances_R
        return weights_R

    def _sweep(self) -> None:
        """Move the heads."""
        batches = self._turns.state()
        before, rewards, after = ([row[k] for batch in batches for row in batch] for k in range(3))
        before_RD = self._fit.design(before, grow=True)
        wider = ((0, 0), (0, before_RD.shape[1] - self._means_HD.shape[1]))
        self._means_HD = np.pad(self._means_HD, wider)
        self._variances_HD = np.pad(self._variances_HD, wider)
        if not before:
            return
        after_RD = self._fit.design([state or {} for state in after])
        lasting_R = self.discount * np.array([state is not None for state in after], np.float64)
        rewards_R, head_R = np.array(rewards, np.float64), self._drawn(batches)
        for _ in range(self.sweeps):
            least_R = (after_RD @ self._means_HD.T).argmin(1)[:, None]
            later_R = np.take_along_axis(after_RD @ self._variances_HD.T, least_R, 1)[:, 0]
            targets_R = rewards_R + lasting_R * self._worth(after_RD)
            later_R = lasting_R**2 * np.maximum(later_R, 0.0)
            for head in range(self.heads):
                own = head_R == head if (head_R == head).any() else np.full(len(head_R), True)
                self._step(head, before_RD[own], targets_R[own], later_R[own])

    def _step(self, head: int, design_RD: Floats, targets_R: Floats, later_R: Floats) -> None:
        """Move one head towards its regressions.

        Args:
            targets_R: of the mean.
            later_R: variance of the value that follows.
        """
        errors_R = targets_R - design_RD @ self._means_HD[head]
        omega = self._omega_H[head] or np.mean(errors_R**2)
        variances_R = np.maximum(design_RD @ self._variances_HD[head], omega / self.clip**2)
        far = self.clip * np.sqrt(omega)
        squares_R = np.clip(errors_R, -far, far) ** 2 + later_R
        weighted_RD = design_RD * self._weights(variances_R)[:, None]
        mean_D = solved(weighted_RD.T @ design_RD, weighted_RD.T @ targets_R, self.ridge)
        variance_D = solved(design_RD.T @ design_RD, design_RD.T @ squares_R, self.ridge)
        self._means_HD[head] += self.rate * (mean_D - self._means_HD[head])
        self._variances_HD[head] += self.rate * (variance_D - self._variances_HD[head])
        self._omega_H[head] = omega + self.rate * (variances_R.mean() - omega)

    def _drawn(self, batches: Sequence[Sequence[Any]]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The head that each turn teaches, the same as long as the turn is in the window."""
        first = self._batches - len(batches)
        return np.concatenate(
            [
                np.random.default_rng(first + k).integers(self.heads, size=len(batch))
                for k, batch in enumerate(batches)
            ]
        )

    def state(self) -> dict[str, Any]:
        means, variances = self._means_HD.tolist(), self._variances_HD.tolist()
        return super().state() | {
            "means": means,
            "variances": variances,
            "omega": self._omega_H.tolist(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        if state:
            self._means_HD, self._variances_HD, self._omega_H = (
                np.array(state[name]) for name in ("means", "variances", "omega")
            )
