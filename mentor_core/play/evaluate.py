"""Evaluation: a policy's success rate, with an interval, and other figures."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.rollout import Rollout, Start, episode_seed

__all__ = ["Summary", "evaluation_starts", "pass_at", "play", "summarise", "summarise_split"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a set of trajectories.

    Attributes:
        episodes: number of trajectories.
        verified: number of trajectories with an outcome; the others do not count in success.
        success: share of the verified ones with outcome 1; None if none is verified.
        interval: 95 % Wilson interval of `success`.
        outcome: mean outcome of the verified ones, partial outcomes included; in [0, 1].
        turns, calls: mean number an episode.
        call_failures: share of calls that failed; None if there are no calls.
        ends: end reason → share of episodes.
    """

    episodes: int
    verified: int
    success: float | None
    interval: tuple[float, float] | None
    outcome: float | None
    turns: float
    calls: float
    call_failures: float | None
    ends: dict[str, float]


def evaluation_starts(tasks: Sequence[Task], samples: int, seed: int) -> list[Start]:
    """The episodes of an evaluation; the same before and after training."""
    return [
        Start(task, episode_seed("evaluate", seed, task.id, sample), group)
        for group, task in enumerate(tasks)
        for sample in range(samples)
    ]


def play(
    rollout: Rollout,
    starts: Sequence[Start],
    on_end: Callable[[Trajectory], None] | None = None,
    batch: int = 512,
) -> list[Trajectory]:
    """Play all, in batches that bound memory."""
    trajectories: list[Trajectory] = []
    for first in range(0, len(starts), batch):
        trajectories += rollout.run(starts[first : first + batch], on_end)
    return trajectories


def summarise(trajectories: Sequence[Trajectory]) -> Summary:
    """The figures of a set of trajectories."""
    outcomes = [t.outcome for t in trajectories if t.outcome is not None]
    successes = sum(outcome >= 1.0 for outcome in outcomes)
    calls = [call for t in trajectories for call in t.calls]
    count = max(len(trajectories), 1)
    ends = [t.end or "error" for t in trajectories]
    return Summary(
        episodes=len(trajectories),
        verified=len(outcomes),
        success=successes / len(outcomes) if outcomes else None,
        interval=_wilson(successes, len(outcomes)) if outcomes else None,
        outcome=sum(outcomes) / len(outcomes) if outcomes else None,
        turns=sum(len(t.turns) for t in trajectories) / count,
        calls=len(calls) / count,
        call_failures=sum(c.failure is not None for c in calls) / len(calls) if calls else None,
        ends={end: ends.count(end) / count for end in sorted(set(ends))},
    )


def summarise_split(
    split: str, trajectories: Sequence[Trajectory], environments: Sequence[str]
) -> dict[str, Summary]:
    """SPLIT → its figures; with several environments also SPLIT/NAME → figures of each."""
    found = {split: summarise(trajectories)}
    for name in environments if len(environments) > 1 else ():
        own = [trajectory for trajectory in trajectories if trajectory.env == name]
        if own:
            found[f"{split}/{name}"] = summarise(own)
    return found


def pass_at(trajectories: Sequence[Trajectory]) -> dict[int, float]:
    """pass@k for k = 1, 2, 4 … up to the samples a task: the chance that one of k succeeds.

    The estimate, 1 − C(n − c, k) / C(n, k) averaged over tasks, is unbiased (Chen et al., arXiv
    2107.03374, section 2.1). A task has n verified episodes, of which c succeed. Reinforcement can
    help if pass@k is high and pass@1 low.

    Returns:
        k → share in [0, 1]; tasks with fewer than k verified episodes do not count.
    """
    outcomes: defaultdict[TaskKey, list[float]] = defaultdict(list)
    for trajectory in trajectories:
        if trajectory.outcome is not None:
            outcomes[trajectory.task_key].append(trajectory.outcome)
    found, k = {}, 1
    while shares := [
        1 - math.comb(sum(o < 1.0 for o in of), k) / math.comb(len(of), k)
        for of in outcomes.values()
        if len(of) >= k
    ]:
        found[k] = sum(shares) / len(shares)
        k *= 2
    return found


def _wilson(successes: int, count: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(successes, count).proportion_ci(0.95, "wilson")
    return float(interval.low), float(interval.high)
