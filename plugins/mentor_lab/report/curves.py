"""Curves over the training: a value at each step, with an interval over the step's tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mentor_core.contracts.rows import uses_of
from mentor_core.contracts.trajectory import Trajectory
from mentor_lab.report.intervals import over_tasks
from mentor_lab.report.read import Episode, Metrics

__all__ = ["MOST_POINTS", "Curve", "curve", "value_of"]

MOST_POINTS = 300
"""Most points of one curve. A longer training has several steps in each point."""

Value = Callable[[Trajectory], float | None]


@dataclass(slots=True)
class Curve:
    """Points in the order of the steps.

    Attributes:
        steps: the last step of each point.
        low, high: 95 % interval of the mean over groups (tasks); None if there is none.
        every: number of steps in one point.
    """

    steps: list[int] = field(default_factory=list)
    mean: list[float | None] = field(default_factory=list)
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    every: int = 1

    def measured(self) -> Curve:
        """The points that have a mean: a metric that few steps have would draw no line."""
        at = [i for i, mean in enumerate(self.mean) if mean is not None]
        columns = (self.steps, self.mean, self.low, self.high)
        steps, mean, low, high = ([column[i] for i in at] for column in columns)
        return Curve(steps, mean, low, high, self.every)  # type: ignore[arg-type]

    @property
    def has_interval(self) -> bool:
        """True if any point has an interval."""
        return any(value is not None for value in self.low)


def value_of(metric: str) -> Value | None:
    """An episode's contribution to a metric, as a function; None if single episodes have none."""
    match metric.split("/"):
        case ["reward"]:
            return lambda t: t.reward
        case ["success"]:
            return _success
        case ["terms", term, "mean"]:
            return lambda t: t.scores.get(term)
        case ["turns"]:
            return lambda t: float(len(t.turns))
        case ["calls"]:
            return lambda t: float(len(t.calls))
    return None


def _success(episode: Trajectory) -> float | None:
    """1 or 0; None for an episode that is no success or failure of the student's own."""
    if episode.outcome is None or "success" not in uses_of(episode):
        return None
    return float(episode.outcome >= 1)


def curve(metric: str, rows: Sequence[Metrics], episodes: Sequence[Episode]) -> Curve:
    """The curve of a metric.

    Episodes of one group play the same task, so the interval is over the means of groups. An
    interval over episodes would be too narrow.

    Args:
        rows: metrics of the stage, each row with its `step`.
        episodes: the kept episodes of the same stage.
    """
    groups = _group_means(value_of(metric), episodes)
    last = max((int(row["step"] or 0) for row in rows), default=0)
    found = Curve(every=max(math.ceil(last / MOST_POINTS), 1))
    points: dict[int, list[Metrics]] = {}
    for row in rows:
        points.setdefault(math.ceil(int(row["step"] or 0) / found.every), []).append(row)
    for point, inside in sorted(points.items()):
        values = [value for row in inside if (value := row.get(metric)) is not None]
        means = [mean for row in inside for mean in groups.get(int(row["step"] or 0), ())]
        low, high = over_tasks(means) or (None, None)
        found.steps.append(min(point * found.every, last))
        found.mean.append(sum(values) / len(values) if values else None)
        found.low.append(low)
        found.high.append(high)
    return found


def _group_means(value: Value | None, episodes: Sequence[Episode]) -> dict[int, list[float]]:
    """Step → the mean of each of the step's groups."""
    found: dict[int, dict[int | None, list[float]]] = {}
    for episode in episodes if value is not None else ():
        trajectory = episode.trajectory
        number = value(trajectory) if value is not None else None
        if number is not None:
            step = (trajectory.policy_version or 0) + 1
            found.setdefault(step, {}).setdefault(trajectory.group, []).append(number)
    return {
        step: [sum(values) / len(values) for values in groups.values()]
        for step, groups in found.items()
    }
