"""Aux_heads: values that share their directions with heads for reward terms and turns left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.learner import Critic, Judged
from mentor_core.contracts.reward import Composed, Example, Floats
from mentor_plugins.critics.features import by_episode, explained, own_returns, states
from mentor_toolkit.returns import term_rewards, turn_rewards
from mentor_toolkit.ridge import Features, Ridge, solved
from mentor_toolkit.window import Window

__all__ = ["AuxHeads"]

FOLDS = 5


class AuxHeads(Critic):
    """V(s) = a·z(s) with z(s) = Pᵀx(s), where P has `rank` columns that all heads share.

    The heads are the reward, each reward term, and the turns left, in the last `window` batches.
    Each head h has weights w_h by ridge regression, as in `linear`. The trunk P spans the `rank`
    largest principal directions of the predictions w_h·x, each divided by the error of its head on
    held-out groups. Then the reward is fitted on z. So the reward, whose numbers are few and noisy,
    needs `rank` weights and not one for each feature.

    If the heads have nothing in common, a trunk harms. So both the trunk and the single head w_0
    predict held-out groups, a fifth of them at a time. The one with the smaller error gives the
    values. The figure `shared` is 1 if that is the trunk, and else 0.

    Differences from the source: the trunk is linear, and a held-out choice stands beside it. Groups
    of states have no heads of their own.

    Source: SL-MGAC (arXiv 2412.10381), multi-task supervised learning beside the critic.
    Reduced-rank regression with inverse error variances as weights: Izenman (1975).
    """

    requires: ClassVar[tuple[str, ...]] = ("outcome",)

    ridge: float = Field(1.0, gt=0, description="penalty of the weights")
    rank: int = Field(2, ge=1, description="columns of the trunk")
    window: int = Field(8, ge=1, description="batches whose turns are used again")
    warmup: int = Field(2, ge=1, description="batches to learn from before the first values")

    _turns: Window = PrivateAttr()
    _batches: int = PrivateAttr(default=0)
    _names: Ridge = PrivateAttr()
    _weights_D: Floats = PrivateAttr()
    _shared: bool = PrivateAttr(default=False)

    def model_post_init(self, _: Any) -> None:
        self._turns = Window(self.window)
        self._fit()

    def note(self, example: Example) -> list[Features]:
        return states(example)

    def values(self, notes: Sequence[list[Features]]) -> list[Floats] | None:
        if self._batches < self.warmup:
            return None
        design_RD = self._names.design([state for note in notes for state in note])
        return by_episode(design_RD @ self._weights_D, notes)

    def learn(self, notes: Sequence[list[Features]], judged: Judged) -> Mapping[str, float | None]:
        rows, targets = own_returns(notes, judged, self.discount, _heads)
        fold_B = (self._batches + judged.scores.groups_B) % FOLDS
        fold_R = np.repeat(fold_B, [len(each) for each in targets])
        known = [[None if y != y else y for y in ys] for ys in np.concatenate(targets).tolist()]
        self._turns.add([list(row) for row in zip(rows, known, fold_R.tolist(), strict=True)])
        self._batches += 1
        self._fit()
        share = explained(judged, [each[:, 0] for each in targets])
        return {"explained": share, "shared": float(self._shared)}

    def _fit(self) -> None:
        rows = [*self._turns]
        self._names, self._shared = Ridge(self.ridge), False
        design_RD = self._names.design([row[0] for row in rows], grow=True)
        self._weights_D = np.zeros(design_RD.shape[1])
        if not rows:
            return
        targets_RH = np.array([row[1] for row in rows], np.float64)
        fold_R = np.array([row[2] for row in rows], np.float64)
        error_H = _held_out(design_RD, targets_RH, fold_R, self._single)
        trunk = partial(self._trunk, error_H=error_H)
        through_H = _held_out(design_RD, targets_RH, fold_R, trunk)
        self._shared = self._prefers_trunk(float(through_H[0]), float(error_H[0]))
        fit = trunk if self._shared else self._single
        self._weights_D = fit(design_RD, targets_RH)[:, 0]

    def _prefers_trunk(self, error: float, single: float) -> bool:
        return error < single

    def _single(self, design_RD: Floats, targets_RH: Floats) -> Floats:
        """Each head's own weights, [D, H], from the rows whose target is known."""
        found = []
        for known_R, targets_R in zip(~np.isnan(targets_RH).T, targets_RH.T, strict=True):
            own_RD = design_RD[known_R]
            found.append(solved(own_RD.T @ own_RD, own_RD.T @ targets_R[known_R], self.ridge))
        return np.stack(found, 1)

    def _trunk(self, design_RD: Floats, targets_RH: Floats, error_H: Floats) -> Floats:
        """The reward's weights through the trunk, [D, 1]; its own if no head varies."""
        weights_DH = self._single(design_RD, targets_RH)
        guesses_RH = design_RD @ weights_DH
        guesses_RH -= guesses_RH.mean(0)
        spread_H = guesses_RH.std(0)
        varies_H = spread_H > 1e-6 * np.abs(weights_DH).max(0)  # above rounding
        inverse_H = np.where(varies_H, 1 / np.maximum(error_H, 1e-3 * spread_H + 1e-300), 0.0)
        _, sizes_H, directions_HH = np.linalg.svd(guesses_RH * inverse_H, full_matrices=False)
        rank = min(self.rank, int((sizes_H > 1e-9 * sizes_H[0]).sum()))
        if not rank:
            return weights_DH[:, :1]
        trunk_DK = (weights_DH * inverse_H) @ (directions_HH[:rank].T / sizes_H[:rank])
        trunk_DK = np.column_stack([np.eye(len(trunk_DK))[0], trunk_DK * len(design_RD) ** 0.5])
        return np.asarray(trunk_DK @ self._single(design_RD @ trunk_DK, targets_RH[:, :1]))

    def state(self) -> dict[str, Any]:
        return {"batches": self._batches, "turns": self._turns.state()}

    def restore(self, state: dict[str, Any]) -> None:
        if state:
            self._batches = state["batches"]
            self._turns.restore(state["turns"])
            self._fit()  # on the window's rows, to the same weights


def _heads(composed: Composed, b: int, turns: int) -> Floats:
    """Rewards of each turn for each head, [turns, H]: the reward, the terms, and 1."""
    own_N1 = turn_rewards(composed, b, turns)[:, None]
    return np.concatenate([own_N1, term_rewards(composed, b), np.ones((turns, 1))], 1)


def _held_out(design_RD: Floats, targets_RH: Floats, fold_R: Floats, fit: Any) -> Floats:
    """Root mean squared error of each head on held-out folds, [H]; infinite without any."""
    errors_RH = np.full(targets_RH.shape, np.nan)
    parts = np.unique(fold_R)
    for part in parts if len(parts) > 1 else ():
        out, rest = fold_R == part, fold_R != part
        errors_RH[out] = design_RD[out] @ fit(design_RD[rest], targets_RH[rest]) - targets_RH[out]
    count_H, sums_H = (~np.isnan(errors_RH)).sum(0), np.nansum(errors_RH**2, 0)
    return np.sqrt(np.where(count_H > 0, sums_H / np.maximum(count_H, 1), np.inf))
