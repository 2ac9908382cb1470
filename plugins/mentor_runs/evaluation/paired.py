"""Paired comparison of two systems on the same tasks, with honest uncertainty.

Shape suffixes: S seeds of a system, T tasks. A cell is the share of a task's verified episodes that
succeeded, under one seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import DataError

__all__ = ["Paired", "compare", "corrected", "success_by_task"]

Floats = npt.NDArray[np.float64]

_RESAMPLES = 10_000
_POWER = (1.959964 + 0.841621) ** 2  # normal quantiles: two-sided 5 %, power 80 %


@dataclass(frozen=True, slots=True)
class Paired:
    """How system B differs from system A on the tasks that both have.

    Attributes:
        tasks: tasks compared; left_out: tasks that not every seed of both has verified.
        seeds: number of seeds of A and of B.
        success: mean success of A and of B over seeds and tasks, in [0, 1].
        difference: success of B minus success of A.
        interval: 95 % bootstrap interval of the difference: over tasks, and over seeds as well if
            a system has several.
        p_value: two-sided, of a permutation test that swaps A and B task by task. The test is about
            these seeds, not about others.
        won, lost: tasks at which B is better, or worse, by mean over seeds.
        needed: number of tasks that would show such a difference in 4 of 5 repetitions. None if the
            interval excludes 0, or if there is no difference at all.
    """

    tasks: int
    left_out: int
    seeds: tuple[int, int]
    success: tuple[float, float]
    difference: float
    interval: tuple[float, float]
    p_value: float
    won: list[TaskKey]
    lost: list[TaskKey]
    needed: int | None


def success_by_task(trajectories: Sequence[Trajectory]) -> dict[TaskKey, float]:
    """Task → share of its verified episodes with outcome 1; tasks without any are left out."""
    outcomes: dict[TaskKey, list[bool]] = {}
    for trajectory in trajectories:
        if trajectory.outcome is not None:
            outcomes.setdefault(trajectory.task_key, []).append(trajectory.outcome >= 1.0)
    return {task: sum(found) / len(found) for task, found in outcomes.items()}


def compare(
    a: Sequence[Mapping[TaskKey, float]], b: Sequence[Mapping[TaskKey, float]], seed: int = 0
) -> Paired:
    """Compare two systems.

    Args:
        a, b: for each seed of a system, task → success in [0, 1].
        seed: seed of the resampling.

    Raises:
        DataError: there is no task that every seed of both has.
    """
    known = [set(found) for found in (*a, *b)]
    tasks = sorted(set.intersection(*known))
    if not tasks:
        raise DataError("there is no task that all compared files have a verified episode of")
    a_ST, b_ST = (np.array([[seed[task] for task in tasks] for seed in one]) for one in (a, b))
    difference_T = b_ST.mean(axis=0) - a_ST.mean(axis=0)
    draw = np.random.default_rng(seed)
    interval = _interval(a_ST, b_ST, draw)
    difference = float(difference_T.mean())
    excludes = interval[0] > 0 or interval[1] < 0
    return Paired(
        tasks=len(tasks),
        left_out=len(set.union(*known)) - len(tasks),
        seeds=(len(a), len(b)),
        success=(float(a_ST.mean()), float(b_ST.mean())),
        difference=difference,
        interval=interval,
        p_value=_p_value(difference_T, draw),
        won=[task for task, gain in zip(tasks, difference_T, strict=True) if gain > 0],
        lost=[task for task, gain in zip(tasks, difference_T, strict=True) if gain < 0],
        needed=None if excludes else _needed(difference_T),
    )


def corrected(p_values: Sequence[float]) -> list[float]:
    """P-values of one family of comparisons, corrected by Holm's method, in the order given.

    The i-th smallest of n p-values is multiplied by n − i + 1, and is never below the one before.
    Source: Holm (1979), "A simple sequentially rejective multiple test procedure". The probability
    of any finding by chance stays below the level, even if the comparisons depend on each other.

    Args:
        p_values: each in [0, 1].
    """
    p_N = np.asarray(p_values, dtype=float)
    order_N = np.argsort(p_N)
    raised_N = p_N[order_N] * np.arange(len(p_N), 0, -1)
    holm_N = np.empty_like(p_N)
    holm_N[order_N] = np.minimum(np.maximum.accumulate(raised_N), 1.0)
    return [float(p) for p in holm_N]


def _interval(a_ST: Floats, b_ST: Floats, draw: np.random.Generator) -> tuple[float, float]:
    """Percentiles of a hierarchical bootstrap: first over seeds of each system, then over tasks."""
    tasks = a_ST.shape[1]
    found = np.empty(_RESAMPLES)
    for index in range(_RESAMPLES):
        chosen_T = draw.integers(0, tasks, tasks)
        means = [
            one_ST[draw.integers(0, len(one_ST), len(one_ST))].mean(axis=0)[chosen_T].mean()
            for one_ST in (a_ST, b_ST)
        ]
        found[index] = means[1] - means[0]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _p_value(difference_T: Floats, draw: np.random.Generator) -> float:
    """Share of sign flips with a mean at least as far from 0, the observed one among them."""
    observed = abs(difference_T.mean()) - 1e-12
    flips = draw.choice([-1.0, 1.0], size=(_RESAMPLES, len(difference_T)))
    extreme = int((np.abs(flips @ difference_T) / len(difference_T) >= observed).sum())
    return (extreme + 1) / (_RESAMPLES + 1)


def _needed(difference_T: Floats) -> int | None:
    mean = float(difference_T.mean())
    if mean == 0 or len(difference_T) < 2:
        return None
    return math.ceil(_POWER * float(difference_T.var(ddof=1)) / mean**2)
