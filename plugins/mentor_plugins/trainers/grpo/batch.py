"""One generation batch of training: its trajectories, their rewards and advantages.

Everything that depends on groups is computed on the whole batch, gathered from all processes. So
all processes get the same result, and groups may span processes. Only small data is gathered:
scores and token spans, not tokens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mentor_core.contracts.credit import Credit, Layout
from mentor_core.contracts.reward import Composed, Example, Floats, Scores
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_runs.assembly.references import References
from mentor_runs.assembly.reward import Reward

__all__ = ["Part", "Scored", "join", "measure", "score_part"]

Metrics = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One process's part of a batch: its scores, layouts and a few facts for the metrics.

    Attributes:
        tasks: the task of each trajectory.
        facts: environment → counts of events.
        outcomes: the outcome of each trajectory; None if not verified.
        replayed: number of replayed turns at the start of each trajectory.
    """

    scores: Scores
    layouts: list[Layout]
    tasks: list[TaskKey]
    facts: dict[str, Counter[str]]
    outcomes: list[float | None]
    replayed: list[int]


@dataclass(frozen=True, slots=True)
class Scored:
    """A whole batch with its rewards; trajectories of process p stand after those of p − 1."""

    scores: Scores
    composed: Composed
    advantages_T: list[Floats]
    tasks: list[TaskKey]
    facts: dict[str, Counter[str]]
    outcomes: list[float | None]
    replayed: list[int]


def score_part(
    trajectories: Sequence[Trajectory],
    tasks: Sequence[Task],
    references: References,
    reward: Reward,
    mask_truncated: bool,
) -> Part:
    """Score this process's trajectories.

    Raises:
        RewardError: a term raised or left its bounds.
    """
    pairs = zip(trajectories, tasks, strict=True)
    scores = reward.score([Example(t, task, references.get(task)) for t, task in pairs])
    layouts = [
        Layout(len(t.tokens.completion) if t.tokens else 0, [turn.span for turn in t.turns])
        for t in trajectories
    ]
    found: dict[str, Counter[str]] = {}
    for trajectory in trajectories:
        facts = found.setdefault(trajectory.env, Counter())
        facts["episodes"] += 1
        facts[f"end/{trajectory.end}"] += 1
        facts["turns"] += len(trajectory.turns)
        alone = trajectory.replayed == 0  # success with a teacher's turns is no success
        facts["alone"] += alone
        facts["verified"] += alone and trajectory.outcome is not None
        facts["successes"] += alone and (trajectory.outcome or 0.0) >= 1.0
        facts["sampled"] += trajectory.tokens.mask.count(1) if trajectory.tokens else 0
        facts["masked"] += mask_truncated and is_truncated(trajectory)
        for call in trajectory.calls:
            facts["calls"] += 1
            if call.failure:
                facts[f"failed/{call.failure}"] += 1
        for turn in trajectory.turns:
            facts[f"parse/{turn.parse_failure}"] += turn.parse_failure is not None
    return Part(
        scores,
        layouts,
        [trajectory.task_key for trajectory in trajectories],
        found,
        [trajectory.outcome for trajectory in trajectories],
        [trajectory.replayed for trajectory in trajectories],
    )


def is_truncated(trajectory: Trajectory) -> bool:
    """True if the episode was cut off, by its end reason and not by its last token."""
    return trajectory.end in ("token_limit", "turn_limit", "time_limit")


def join(parts: Sequence[Part], reward: Reward, credit: Credit, training_progress: float) -> Scored:
    """Put the parts of all processes together and compose, the same in every process."""
    first = parts[0].scores
    scores = Scores(
        first.terms,
        first.weights_K,
        np.concatenate([part.scores.values_BK for part in parts]),
        [turns for part in parts for turns in part.scores.turns_NK],
        np.concatenate([part.scores.groups_B for part in parts]),
    )
    composed = reward.composer.compose(scores, training_progress)
    layouts = [layout for part in parts for layout in part.layouts]
    advantages = credit.assign(composed, scores.groups_B, layouts)
    facts: dict[str, Counter[str]] = {}
    for name, counts in ((name, counts) for part in parts for name, counts in part.facts.items()):
        facts.setdefault(name, Counter()).update(counts)
    tasks = [task for part in parts for task in part.tasks]
    outcomes = [outcome for part in parts for outcome in part.outcomes]
    replayed = [turns for part in parts for turns in part.replayed]
    return Scored(scores, composed, advantages, tasks, facts, outcomes, replayed)


def measure(batch: Scored, environments: Sequence[str] = ()) -> Metrics:
    """The metrics of a batch. None: there was nothing to measure.

    Args:
        environments: the run's environments. If there are several, the metrics of each are added as
            NAME/METRIC, unless it has no trajectory in the batch.
    """
    everything = sum(batch.facts.values(), Counter[str]())
    metrics = _measure(batch.scores, batch.composed.rewards_B, everything)
    for name in environments if len(environments) > 1 else ():
        own_B = np.array([env == name for env, _ in batch.tasks])
        if own_B.any():
            own = replace(
                batch.scores,
                values_BK=batch.scores.values_BK[own_B],
                turns_NK=[batch.scores.turns_NK[b] for b in np.flatnonzero(own_B)],
                groups_B=batch.scores.groups_B[own_B],
            )
            measured = _measure(own, batch.composed.rewards_B[own_B], batch.facts[name])
            metrics |= {f"{name}/{metric}": value for metric, value in measured.items()}
    return metrics


def _measure(scores: Scores, rewards_B: Floats, facts: Counter[str]) -> Metrics:
    metrics: Metrics = {
        "reward": _mean(rewards_B),
        "reward_std": _std(rewards_B),
        "success": facts["successes"] / facts["verified"] if facts["verified"] else None,
        "unscored": float(np.isnan(rewards_B).mean()),
        "groups/zero_variance": _zero_variance_groups(rewards_B, scores.groups_B),
        "turns": facts["turns"] / facts["episodes"],
        "calls": facts["calls"] / facts["episodes"],
        "sampled_tokens": float(facts["sampled"]),
        "masked_episodes": facts["masked"] / facts["episodes"],
    }
    if facts["alone"] < facts["episodes"]:
        metrics["episodes/alone"] = facts["alone"] / facts["episodes"]
    failed = sum(count for name, count in facts.items() if name.startswith("failed/"))
    metrics["calls/failed"] = failed / facts["calls"] if facts["calls"] else None
    for name, count in sorted(facts.items()):
        kind, _, what = name.partition("/")
        if kind == "end":
            metrics[name] = count / facts["episodes"]
        elif kind == "failed":
            metrics[f"calls/failed/{what}"] = count / facts["calls"]
        elif kind == "parse" and count:
            metrics[f"turns/{what}"] = count / facts["turns"]
    for k, term in enumerate(scores.terms):
        values_B = scores.values_BK[:, k]
        metrics[f"terms/{term}/mean"] = _mean(values_B)
        metrics[f"terms/{term}/std"] = _std(values_B)
        metrics[f"terms/{term}/scored"] = float((~np.isnan(values_B)).mean())
    return metrics


def _mean(values_B: Floats) -> float | None:
    scored = values_B[~np.isnan(values_B)]
    return float(scored.mean()) if scored.size else None


def _std(values_B: Floats) -> float | None:
    """Standard deviation of the scored values."""
    scored = values_B[~np.isnan(values_B)]
    return float(scored.std()) if scored.size else None


def _zero_variance_groups(rewards_B: Floats, groups_B: np.ndarray) -> float:  # type: ignore[type-arg]
    """Share of groups that teach nothing: fewer than two different rewards."""
    groups = np.unique(groups_B)
    zero_variance = 0
    for group in groups:
        members = rewards_B[groups_B == group]
        scored = members[~np.isnan(members)]
        zero_variance += scored.size < 2 or bool(np.ptp(scored) < 1e-9)
    return zero_variance / len(groups)
