"""Figures of an evaluation beside its table: chances of k samples, reward by term, and expenses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mentor_core.contracts.reward import Example, RewardTerm
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import MentorError
from mentor_plugins.teacher_store.prices import Prices
from mentor_runs.assembly.parts import Parts
from mentor_runs.assembly.references import find_references
from mentor_runs.assembly.reward import apply_term
from mentor_runs.evaluation.intervals import Estimate, estimate
from mentor_runs.evaluation.summary import Summary, pass_all, pass_at

__all__ = ["Measured", "Spent", "lines", "measure", "priced", "score_terms"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Spent:
    """Total expenses of a set of episodes.

    Attributes:
        prompt_tokens: tokens that the model read. A server counts the tokens of every request.
            Without a server, the tokens of prompt and observations count once. None if nobody
            counted.
        completion_tokens: tokens that the model wrote; None if nobody counted.
        requests: number of answered requests; None if there was no server.
        seconds: time of turns and tools, summed over episodes. The sum exceeds the wall time, as
            many episodes are played at a time.
        cost: price in US dollars; None if there was no server, or a price is unknown.
    """

    prompt_tokens: int | None
    completion_tokens: int | None
    requests: int | None
    seconds: float
    cost: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of a set of episodes, shown below the table.

    Attributes:
        not_verified: number of episodes without an outcome.
        pass_at, pass_all: see `mentor_runs.evaluation.summary`.
        terms: reward term → its scores, averaged over tasks; None if the term scored no episode.
        spent: the expenses.
    """

    not_verified: int
    pass_at: dict[int, Estimate]
    pass_all: dict[int, Estimate]
    terms: dict[str, Estimate | None]
    spent: Spent


def measure(trajectories: Sequence[Trajectory], terms: Mapping[str, RewardTerm]) -> Measured:
    """Compute the figures; the scores of reward terms are those that `score_terms` noted."""
    return Measured(
        not_verified=sum(trajectory.outcome is None for trajectory in trajectories),
        pass_at=pass_at(trajectories),
        pass_all=pass_all(trajectories),
        terms={name: _mean_score(name, t.bounds, trajectories) for name, t in terms.items()},
        spent=_spent(trajectories),
    )


def priced(trajectory: Trajectory, prices: Prices) -> Trajectory:
    """Note an episode's cost in its provenance, if a server counted tokens with a price."""
    played_by, usage = trajectory.provenance, trajectory.usage
    if played_by is not None and usage is not None and played_by.cost is None:
        trajectory.provenance = replace(played_by, cost=prices.cost(usage))
    return trajectory


def score_terms(
    parts: Parts, trajectories: Sequence[Trajectory], tasks: Mapping[TaskKey, Task], say: Say
) -> None:
    """Score episodes with each reward term, and note the scores on the episodes.

    A term that fails scores nothing: a failure must not lose the played episodes.

    Args:
        tasks: the played tasks.
        say: is called with the reason if a term scores nothing.
    """
    references = _references(parts, tasks, say) if "reference" in parts.reward.needs else {}
    for name, term in parts.reward.terms.items():
        scores: list[float | None] = []
        try:
            for t in trajectories:
                example = Example(t, tasks[t.task_key], references.get(t.task_key, ()))
                scores.append(apply_term(name, term, example, turns=False)[0])
        except MentorError as error:
            say(f"the reward term {name} is not scored: {error}")
            continue
        for trajectory, score in zip(trajectories, scores, strict=True):
            trajectory.scores[name] = score


def lines(name: str, summary: Summary, measured: Measured, samples: int) -> list[str]:
    """The figures as lines for people.

    Args:
        name: name of the set of episodes, such as eval or ood/webshop.
        samples: number of episodes a task.
    """
    found = []
    if measured.not_verified:
        found.append(f"not verified: {measured.not_verified} of {summary.episodes} episodes")
    if samples > 1:
        for sign, chances in (("@", measured.pass_at), ("^", measured.pass_all)):
            shown = (f"pass{sign}{k} {_share(chance)}" for k, chance in chances.items())
            found.append(", ".join(shown))
    scored = {term: score for term, score in measured.terms.items() if score is not None}
    if scored:
        found.append("reward " + ", ".join(f"{t} {_score(score)}" for t, score in scored.items()))
    left = [term for term in measured.terms if term not in scored]
    if left:
        found.append(f"not scored: {', '.join(left)}")
    found.append(_expenses(summary, measured.spent))
    return [f"{name}: {line}" for line in found if line]


def _references(
    parts: Parts, tasks: Mapping[TaskKey, Task], say: Say
) -> dict[TaskKey, list[Trajectory]]:
    """The references of the evaluated tasks, if the run's source has any."""
    found: dict[TaskKey, list[Trajectory]] = {}
    for domain in parts.domains.values():
        own = [task for task in tasks.values() if task.env == domain.name]
        try:
            found |= find_references(parts.source, own, domain.env).of
        except MentorError as error:
            say(f"no references for the reward terms: {error}")
    return found


def _mean_score(
    term: str, bounds: tuple[float, float], trajectories: Sequence[Trajectory]
) -> Estimate | None:
    by_task: dict[TaskKey, list[float]] = {}
    for trajectory in trajectories:
        score = trajectory.scores.get(term)
        if score is not None:
            by_task.setdefault(trajectory.task_key, []).append(score)
    means = [sum(of) / len(of) for of in by_task.values()]
    return estimate(means, bounds=bounds) if means else None


def _spent(trajectories: Sequence[Trajectory]) -> Spent:
    usages = [usage for t in trajectories if (usage := t.usage) is not None]
    records = [t.tokens for t in trajectories if t.tokens is not None]
    counted = bool(usages or records)
    read = sum(len(tokens.prompt) + tokens.mask.count(0) for tokens in records)
    written = sum(tokens.mask.count(1) for tokens in records)
    costs = [t.provenance.cost if t.provenance else None for t in trajectories if t.usage]
    known = [cost for cost in costs if cost is not None]
    return Spent(
        prompt_tokens=read + sum(u.prompt_tokens for u in usages) if counted else None,
        completion_tokens=written + sum(u.completion_tokens for u in usages) if counted else None,
        requests=sum(u.requests for u in usages) if usages else None,
        seconds=sum(t.seconds for t in trajectories),
        cost=sum(known) if known and len(known) == len(costs) else None,
    )


def _expenses(summary: Summary, spent: Spent) -> str:
    facts = []
    if summary.invalid_calls is not None:
        facts.append(f"{summary.invalid_calls:.1%} of the calls are invalid")
    count = max(summary.episodes, 1)
    if spent.prompt_tokens is not None and spent.completion_tokens is not None:
        facts.append(
            f"an episode reads {spent.prompt_tokens / count:.0f} tokens and writes "
            f"{spent.completion_tokens / count:.0f}"
        )
    if spent.cost is not None:
        facts.append(f"all together cost ${spent.cost:.4f}")
    elif spent.requests:
        facts.append("the cost is unknown: no price of the model in --prices")
    return ", ".join(facts)


def _share(estimate: Estimate) -> str:
    if estimate.interval is None:
        return f"{estimate.mean:.1%}"
    low, high = estimate.interval
    return f"{estimate.mean:.1%} ({100 * low:.1f} – {100 * high:.1f})"


def _score(estimate: Estimate) -> str:
    if estimate.interval is None:
        return f"{estimate.mean:.3f}"
    low, high = estimate.interval
    return f"{estimate.mean:.3f} ({low:.3f} – {high:.3f})"
