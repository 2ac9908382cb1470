"""Comparison: the effects of two rewards on the same saved groups.

All numbers are about differences inside groups, as nothing else reaches the gradient.

Shape suffixes: B trajectories, K terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.credit import Credit, Layout
from mentor_core.contracts.reward import Composed, Floats
from mentor_lab.scoring import Row
from mentor_toolkit.group_means import group_means

__all__ = ["Comparison", "Conflict", "Effect", "compare", "measure"]

_NOTHING = 1e-9
_AGAINST = -0.1
"""Two terms conflict if their correlation is at most this."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two terms whose scores are negatively correlated inside groups."""

    first: str
    second: str
    correlation: float


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one reward.

    Attributes:
        groups: number of groups of two trajectories or more.
        zero_variance: number of these groups in which every advantage is 0.
        unscored: trajectories without a reward.
        shares: term → its share of the rewards' variance inside the groups. The shares come from a
            linear model of the reward; the rest of the variance is not shared out.
        conflicts: pairs of terms with negative correlation inside the groups, strongest first.
        advantages_B: one advantage a trajectory, by the credit.
    """

    groups: int
    zero_variance: int
    unscored: int
    shares: dict[str, float]
    conflicts: list[Conflict]
    advantages_B: Floats


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the advantages of two rewards differ.

    Attributes:
        trajectories: number of trajectories.
        flipped: advantages that change sign.
        appeared, vanished: advantages that are zero under the first reward only; under the second
            only.
        correlation: correlation of the advantages; NaN if one reward's advantages have no variance.
    """

    trajectories: int
    flipped: int
    appeared: int
    vanished: int
    correlation: float


def measure(rows: Sequence[Row], terms: Sequence[str], credit: Credit) -> Effect:
    """Measure the effect of the reward that the rows were scored with.

    Args:
        rows: results of `scoring.score_files`.
        terms: the reward's terms, in their order.
        credit: turns rewards into advantages, batch by batch.
    """
    rewards_B = np.array([row.reward for row in rows], dtype=np.float64)
    values_BK = np.array([row.values_K for row in rows]).reshape(len(rows), len(terms))
    groups_B = _numbered([(row.batch, row.group) for row in rows])
    batches_B = _numbered([row.batch for row in rows])
    advantages_B = np.zeros(len(rows))
    for batch in np.unique(batches_B):
        members = batches_B == batch
        layouts = [Layout(1, [(0, 1)])] * int(members.sum())
        assigned = credit.assign(Composed(rewards_B[members]), groups_B[members], layouts)
        advantages_B[members] = np.concatenate(assigned)
    sizes = np.bincount(groups_B)
    active = np.bincount(groups_B, np.abs(advantages_B) > _NOTHING) > 0
    real = sizes > 1
    return Effect(
        groups=int(real.sum()),
        zero_variance=int((real & ~active).sum()),
        unscored=int(np.isnan(rewards_B).sum()),
        shares=_shares(_centred(values_BK, groups_B), _centred(rewards_B, groups_B), terms),
        conflicts=_conflicts(_centred(values_BK, groups_B), terms),
        advantages_B=advantages_B,
    )


def compare(before: Effect, after: Effect) -> Comparison:
    """Compare the advantages that two rewards give the same trajectories."""
    first, second = (_signs(effect.advantages_B) for effect in (before, after))
    varied = before.advantages_B.std() > _NOTHING and after.advantages_B.std() > _NOTHING
    return Comparison(
        trajectories=len(first),
        flipped=int((first * second < 0).sum()),
        appeared=int(((first == 0) & (second != 0)).sum()),
        vanished=int(((first != 0) & (second == 0)).sum()),
        correlation=float(np.corrcoef(before.advantages_B, after.advantages_B)[0, 1])
        if varied
        else float("nan"),
    )


def _signs(advantages_B: Floats) -> Floats:
    return np.sign(np.where(np.abs(advantages_B) > _NOTHING, advantages_B, 0.0))


def _numbered(keys: Sequence[object]) -> npt.NDArray[np.int64]:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _centred(values: Floats, groups_B: npt.NDArray[np.int64]) -> Floats:
    """Differences from the group's mean, column by column; NaN if not scored."""
    if values.ndim == 1:
        return values - group_means(values, groups_B)
    columns = [_centred(column, groups_B) for column in values.T]
    return np.stack(columns, axis=1) if columns else values


def _shares(values_BK: Floats, rewards_B: Floats, terms: Sequence[str]) -> dict[str, float]:
    scored = ~np.isnan(rewards_B)
    # A term that does not score a trajectory does not move it from its group's mean.
    features, target = np.nan_to_num(values_BK[scored]), rewards_B[scored]
    total = float(target @ target)
    if total < _NOTHING:
        return dict.fromkeys(terms, 0.0)
    weights_K = np.linalg.lstsq(features, target, rcond=None)[0]
    return dict(zip(terms, (weights_K * (features.T @ target) / total).tolist(), strict=True))


def _conflicts(values_BK: Floats, terms: Sequence[str]) -> list[Conflict]:
    found = []
    for i, first in enumerate(terms):
        for j in range(i + 1, len(terms)):
            left, right = values_BK[:, i], values_BK[:, j]
            both = ~np.isnan(left) & ~np.isnan(right)
            left, right = left[both], right[both]
            norm = float(np.sqrt((left @ left) * (right @ right)))
            if norm > _NOTHING and (correlation := float(left @ right) / norm) <= _AGAINST:
                found.append(Conflict(first, terms[j], correlation))
    return sorted(found, key=lambda conflict: conflict.correlation)
