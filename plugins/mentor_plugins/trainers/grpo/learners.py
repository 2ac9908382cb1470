"""A batch as the learning parts of a run hear of it: learners, plan and sampler."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mentor_core.contracts.learner import Judged, Learner
from mentor_core.contracts.task import TaskKey
from mentor_plugins.trainers.grpo.batch import Metrics, Scored
from mentor_runs.assembly.parts import Parts

__all__ = ["learners_of", "outcomes_by_task", "rewards_by_task", "teach"]


def learners_of(parts: Parts) -> dict[str, Learner]:
    """Name → learner: the critic, and a composer and reward terms that learn."""
    terms = {f"terms/{name}": term for name, term in parts.reward.terms.items()}
    found = {"critic": parts.critic, "composer": parts.reward.composer, **terms}
    return {name: part for name, part in found.items() if isinstance(part, Learner)}


def teach(batch: Scored, learners: Mapping[str, Learner]) -> Metrics:
    """Let the learners learn from the batch's rows that may teach them and that have a reward.

    Called after the advantages are known. Without such a row nothing is learnt.
    """
    places = [
        place
        for place, b in enumerate(batch.counted.tolist())
        if "learn" in batch.uses[b] and not np.isnan(batch.rewards_B[b])
    ]
    rows = batch.counted[places]
    metrics: Metrics = {f"{name}/episodes": float(len(rows)) for name in learners}
    if not places or not learners:
        return metrics
    judged = Judged(
        batch.scores.rows(rows),
        batch.composed.rows(np.array(places)),
        [batch.outcomes[b] for b in rows],
        [batch.replayed[b] for b in rows],
    )
    for name, learner in learners.items():
        figures = learner.learn([batch.notes[name][b] for b in rows], judged)
        metrics |= {f"{name}/{figure}": value for figure, value in figures.items()}
    return metrics


def outcomes_by_task(batch: Scored) -> dict[TaskKey, list[float]]:
    """Verified outcomes for the plan, of rows that count in their group."""
    outcomes: dict[TaskKey, list[float]] = {task: [] for task in batch.tasks}
    for b in batch.counted:
        if (outcome := batch.outcomes[b]) is not None:
            outcomes[batch.tasks[b]].append(outcome)
    return outcomes


def rewards_by_task(batch: Scored) -> dict[TaskKey, list[float]]:
    """Rewards for the sampler."""
    rewards: dict[TaskKey, list[float]] = {}
    for task, reward, uses in zip(batch.tasks, batch.rewards_B, batch.uses, strict=True):
        known = rewards.setdefault(task, [])
        if reward == reward and "sampler" in uses:  # not NaN
            known.append(float(reward))
    return rewards
