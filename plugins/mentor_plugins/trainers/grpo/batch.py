"""One generation batch of training: its trajectories, their rewards and advantages.

Everything that depends on groups is computed on the whole batch, gathered from all processes. So
all processes get the same result, and groups may span processes. Only small data is gathered:
scores and token spans, not tokens.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.credit import Credit, Layout
from mentor_core.contracts.learner import Critic, Learner
from mentor_core.contracts.reward import Composed, Example, Floats, Scores
from mentor_core.contracts.rows import RowKind, RowUse, uses_of
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import PluginError
from mentor_plugins.trainers.grpo.steps import Steps
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
        replayed: number of replayed turns, or steps, at the start of each trajectory.
        uses: the permitted uses of each trajectory.
        notes: name of a learner → its note of each trajectory.
        nats: minus the sum of the sampled tokens' log-probabilities, of each trajectory.
    """

    scores: Scores
    layouts: list[Layout]
    tasks: list[TaskKey]
    facts: dict[str, Counter[str]]
    outcomes: list[float | None]
    replayed: list[int]
    uses: list[frozenset[RowUse]]
    notes: dict[str, list[Any]]
    nats: list[float]


@dataclass(frozen=True, slots=True)
class Scored:
    """A whole batch with its rewards; trajectories of process p stand after those of p − 1.

    Attributes:
        scores: NaN, as rewards_B, for rows that may not count in their group.
        counted: indices of the rows that count in their group, which `composed` has.
        advantages_T: 0 for rows that do not count.
    """

    scores: Scores
    counted: npt.NDArray[np.int64]
    composed: Composed
    rewards_B: Floats
    advantages_T: list[Floats]
    tasks: list[TaskKey]
    facts: dict[str, Counter[str]]
    outcomes: list[float | None]
    replayed: list[int]
    uses: list[frozenset[RowUse]]
    notes: dict[str, list[Any]]
    nats: list[float]


def score_part(
    trajectories: Sequence[Trajectory],
    tasks: Sequence[Task],
    references: References,
    reward: Reward,
    mask_truncated: bool,
    learners: Mapping[str, Learner] | None = None,
    played: RowKind = "sampled",
    steps: Steps | None = None,
) -> Part:
    """Score this process's trajectories, and let the learners note them.

    Args:
        learners: name → learner.
        played: kind of the rows that the policy plays.
        steps: for a credit that notes something of each episode.

    Raises:
        RewardError: a term raised or left its bounds.
    """
    pairs = zip(trajectories, tasks, strict=True)
    examples = [Example(t, task, references.get(task)) for t, task in pairs]
    scores = reward.score(examples)
    uses = [uses_of(trajectory, played) for trajectory in trajectories]
    layouts = [
        Layout(len(t.tokens.completion) if t.tokens else 0, [turn.span for turn in t.turns])
        for t in trajectories
    ]
    replayed = [trajectory.replayed for trajectory in trajectories]
    if steps is not None:
        examples, scores, layouts, replayed = steps.divided(examples, scores, reward)
    found: dict[str, Counter[str]] = {}
    for trajectory, permitted in zip(trajectories, uses, strict=True):
        facts = found.setdefault(trajectory.env, Counter())
        facts["episodes"] += 1
        facts[f"end/{trajectory.end}"] += 1
        facts["turns"] += len(trajectory.turns)
        alone = "success" in permitted
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
        replayed,
        uses,
        {
            name: [learner.note(example) for example in examples]
            for name, learner in (learners or {}).items()
        },
        [-math.fsum(t.tokens.logprobs) if t.tokens else 0.0 for t in trajectories],
    )


def is_truncated(trajectory: Trajectory) -> bool:
    """True if the episode was cut off, by its end reason and not by its last token."""
    return trajectory.end in ("token_limit", "turn_limit", "time_limit")


def join(
    parts: Sequence[Part],
    reward: Reward,
    credit: Credit,
    training_progress: float,
    critic: Critic | None = None,
) -> Scored:
    """Put the parts of all processes together and judge them, the same in every process.

    Composer, critic and credit see only the rows that may count in their group. So other rows
    change no reward and no advantage but their own, which are NaN and 0.
    """
    first = parts[0].scores
    scores = Scores(
        first.terms,
        first.weights_K,
        np.concatenate([part.scores.values_BK for part in parts]),
        [turns for part in parts for turns in part.scores.turns_NK],
        np.concatenate([part.scores.groups_B for part in parts]),
    )
    facts: dict[str, Counter[str]] = {}
    for name, counts in ((name, counts) for part in parts for name, counts in part.facts.items()):
        facts.setdefault(name, Counter()).update(counts)
    layouts = [layout for part in parts for layout in part.layouts]
    uses = [uses for part in parts for uses in part.uses]
    notes = {name: [n for part in parts for n in part.notes[name]] for name in parts[0].notes}
    counted = np.flatnonzero(["group" in permitted for permitted in uses])
    judged = scores.rows(counted)
    composed = reward.composer.compose(judged, training_progress)
    if critic is not None:
        values_N = _checked(critic.values([notes["critic"][b] for b in counted]), judged, critic)
        composed = replace(composed, values_N=values_N, discount=critic.discount, scores=judged)
    assigned_T = credit.assign(composed, judged.groups_B, [layouts[b] for b in counted])
    rewards_B, values_BK = np.full(len(layouts), np.nan), np.full_like(scores.values_BK, np.nan)
    rewards_B[counted], values_BK[counted] = composed.rewards_B, judged.values_BK
    advantages_T = [np.zeros(layout.length) for layout in layouts]
    for b, advantages in zip(counted, assigned_T, strict=True):
        advantages_T[b] = advantages
    return Scored(
        scores=replace(scores, values_BK=values_BK),
        counted=counted,
        composed=composed,
        rewards_B=rewards_B,
        advantages_T=advantages_T,
        tasks=[task for part in parts for task in part.tasks],
        facts=facts,
        outcomes=[outcome for part in parts for outcome in part.outcomes],
        replayed=[turns for part in parts for turns in part.replayed],
        uses=uses,
        notes=notes,
        nats=[nats for part in parts for nats in part.nats],
    )


def _checked(values_N: list[Floats] | None, scores: Scores, critic: Critic) -> list[Floats] | None:
    """A critic's values, if they have their shape and are finite.

    Raises:
        PluginError: they have not, or are not; names the critic.
    """
    if values_N is None:
        return None
    columns = () if critic.gives == "reward" else (len(scores.terms),)
    wanted = [(len(turns_NK) + 1, *columns) for turns_NK in scores.turns_NK]
    if [values.shape for values in values_N] != wanted:
        raise PluginError(
            f"the critic {type(critic).__name__} gave values of other shapes than [turns + 1"
            + (", terms]" if columns else "]")
        )
    if not all(np.isfinite(values).all() for values in values_N):
        raise PluginError(f"the critic {type(critic).__name__} gave values that are not finite")
    return values_N


def measure(batch: Scored, environments: Sequence[str] = ()) -> Metrics:
    """The metrics of a batch. None: there was nothing to measure.

    `entropy` is an estimate in nats a token: minus the mean log-probability of all sampled tokens,
    under the distribution that sampled them.

    Args:
        environments: the run's environments. If there are several, the metrics of each are added as
            NAME/METRIC, unless it has no trajectory in the batch.
    """
    everything = sum(batch.facts.values(), Counter[str]())
    metrics = _measure(batch.scores, batch.rewards_B, everything)
    sampled = everything["sampled"]
    metrics["entropy"] = math.fsum(batch.nats) / sampled if sampled else None
    for name in environments if len(environments) > 1 else ():
        own_B = np.array([env == name for env, _ in batch.tasks])
        if own_B.any():
            own = batch.scores.rows(np.flatnonzero(own_B))
            measured = _measure(own, batch.rewards_B[own_B], batch.facts[name])
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
