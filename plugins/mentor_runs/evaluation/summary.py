"""Evaluation: a policy's success, with an interval over tasks, and figures of behaviour."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import CallFailure, Trajectory
from mentor_core.play.rollout import Rollout, Start, episode_seed
from mentor_runs.evaluation.intervals import Estimate, estimate

__all__ = [
    "Summary",
    "by_environment",
    "evaluation_starts",
    "pass_all",
    "pass_at",
    "play",
    "summarise",
]

_INVALID: tuple[CallFailure, ...] = ("unknown_tool", "bad_arguments")


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a set of trajectories.

    Attributes:
        episodes: number of trajectories.
        verified: number of trajectories with an outcome; the others do not count in success.
        success: share of verified trajectories with outcome 1, averaged over tasks; None if no
            trajectory is verified.
        interval: 95 % interval of `success` over tasks; see `mentor_runs.evaluation.intervals`.
        outcome: mean outcome of verified trajectories, in [0, 1], averaged over tasks; outcomes may
            be partial.
        turns, calls: mean numbers an episode.
        call_failures: share of calls that failed; None if there are no calls.
        invalid_calls: share of calls to unknown tools, with arguments that do not fit, or that
            cannot be parsed; None if no call was tried.
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
    invalid_calls: float | None
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
    outcomes = _outcomes(trajectories)
    verified = sum(map(len, outcomes))
    shares = [sum(outcome >= 1.0 for outcome in of) / len(of) for of in outcomes]
    success = estimate(shares, verified) if shares else None
    calls = [call for t in trajectories for call in t.calls]
    failures = [turn.parse_failure for t in trajectories for turn in t.turns]
    unread = sum(failure not in (None, "unclosed_thinking") for failure in failures)
    invalid = unread + sum(call.failure in _INVALID for call in calls)
    tried = unread + len(calls)
    count = max(len(trajectories), 1)
    ends = [t.end or "error" for t in trajectories]
    return Summary(
        episodes=len(trajectories),
        verified=verified,
        success=success.mean if success else None,
        interval=success.interval if success else None,
        outcome=fmean(sum(of) / len(of) for of in outcomes) if outcomes else None,
        turns=sum(len(t.turns) for t in trajectories) / count,
        calls=len(calls) / count,
        call_failures=sum(c.failure is not None for c in calls) / len(calls) if calls else None,
        invalid_calls=invalid / tried if tried else None,
        ends={end: ends.count(end) / count for end in sorted(set(ends))},
    )


def by_environment(
    split: str, trajectories: Sequence[Trajectory], environments: Sequence[str]
) -> dict[str, Sequence[Trajectory]]:
    """Trajectories by name: SPLIT for all; with several environments SPLIT/NAME for each."""
    found: dict[str, Sequence[Trajectory]] = {split: trajectories}
    for name in environments if len(environments) > 1 else ():
        own = [trajectory for trajectory in trajectories if trajectory.env == name]
        if own:
            found[f"{split}/{name}"] = own
    return found


def pass_at(trajectories: Sequence[Trajectory]) -> dict[int, Estimate]:
    """pass@k for k = 1, 2, 4 … up to the samples a task: the chance of a success among k samples.

    A task has n verified episodes, of which c succeed. The unbiased estimate is 1 − C(n − c, k) /
    C(n, k), averaged over tasks. Reinforcement can help if pass@k is high and pass@1 low.

    Source: Chen et al., arXiv 2107.03374, section 2.1.

    Returns:
        k → share in [0, 1]; tasks with fewer than k verified episodes do not count.
    """
    return _by_number(trajectories, lambda n, c, k: 1 - math.comb(n - c, k) / math.comb(n, k))


def pass_all(trajectories: Sequence[Trajectory]) -> dict[int, Estimate]:
    """pass^k for k = 1, 2, 4 …: the chance that all of k samples succeed; returns as `pass_at`.

    The unbiased estimate is C(c, k) / C(n, k), averaged over tasks. If pass^k is far below pass^1,
    the policy solves tasks sometimes, and not reliably.

    Source: τ-bench, Yao et al., arXiv 2406.12045, section 3.
    """
    return _by_number(trajectories, lambda n, c, k: math.comb(c, k) / math.comb(n, k))


def _by_number(
    trajectories: Sequence[Trajectory], chance: Callable[[int, int, int], float]
) -> dict[int, Estimate]:
    """k → the chance of a task with n samples and c successes, averaged over tasks."""
    counts = [(len(of), sum(outcome >= 1.0 for outcome in of)) for of in _outcomes(trajectories)]
    found, k = {}, 1
    while enough := [(n, c) for n, c in counts if n >= k]:
        independent = sum(n // k for n, _ in enough)
        found[k] = estimate([chance(n, c, k) for n, c in enough], independent)
        k *= 2
    return found


def _outcomes(trajectories: Sequence[Trajectory]) -> list[list[float]]:
    """The outcomes of each task's verified episodes; tasks without any are left out."""
    found: defaultdict[TaskKey, list[float]] = defaultdict(list)
    for trajectory in trajectories:
        if trajectory.outcome is not None:
            found[trajectory.task_key].append(trajectory.outcome)
    return [*found.values()]
