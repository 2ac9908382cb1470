"""Tables of the page: rows of text, and their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentor_core.contracts.provenance import Usage
from mentor_core.contracts.trajectory import Trajectory
from mentor_lab.imitation import ImitationGap, imitation_gap
from mentor_lab.report.intervals import Interval, of_mean
from mentor_lab.report.read import Episode, Run
from mentor_runs.evaluation.report import COLUMNS, table_rows
from mentor_runs.evaluation.summary import Summary, by_environment, summarise

__all__ = [
    "Table",
    "costs",
    "evaluations",
    "gap_counts",
    "gaps",
    "overview",
    "phases",
    "seeds",
    "summaries",
    "together",
]

_WINDOWS = 4
"""Parts of the training whose imitation gap is given."""
_COMPARED = 2000
"""Most episodes of one part that are compared with the teacher's."""


@dataclass(slots=True)
class Table:
    """Rows under columns, all of text. The first column names the row."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    note: str = ""


def overview(runs: Sequence[Run]) -> Table:
    """A table with a row for each run."""
    splits = list(dict.fromkeys(split for run in runs for split in run.evaluations))
    table = Table("Runs", ["run", "status", "model", "reward", "seed", "steps", *splits])
    for run in runs:
        terms = run.settings.get("reward", {}).get("terms", {})
        table.rows.append(
            [
                run.name,
                run.status,
                str(run.settings.get("model", "")),
                ", ".join(f"{name} {weight:g}" for name, weight in terms.items()),
                str(run.settings.get("seed", "")),
                str(run.steps),
                *(_gain(run, split) for split in splits),
            ]
        )
    table.note = "Success before → after the training."
    return table


def together(runs: Sequence[Run], tables: Sequence[Table]) -> Table:
    """Tables of one kind, one for each run, as one table; rows of several runs name their run."""
    first = tables[0]
    if len(tables) == 1:
        return first
    rows = [[run.name, *row] for run, table in zip(runs, tables, strict=True) for row in table.rows]
    return Table(first.title, ["run", *first.columns], list(rows), first.note)


def evaluations(run: Run) -> Table:
    """The table of `report.md`, from the episodes."""
    found: dict[str, dict[str, Summary]] = {}
    for split, by_time in run.evaluations.items():
        for when, episodes in by_time.items():
            for key, summary in summaries(split, episodes).items():
                found.setdefault(key, {})[when] = summary
    return Table("Before and after", COLUMNS, list(table_rows(found)))


def summaries(split: str, episodes: Sequence[Episode]) -> dict[str, Summary]:
    """SPLIT → figures; with several environments also SPLIT/NAME → figures of each."""
    played = _of(episodes)
    names = sorted({trajectory.env for trajectory in played})
    parts = by_environment(split, played, names) if played else {}
    return {key: summarise(part) for key, part in parts.items()}


def seeds(runs: Sequence[Run]) -> Table:
    """Mean and interval over runs that differ only in the seed."""
    table = Table(
        "Over seeds",
        ["runs", "split", "seeds", "success after", "95 % interval over seeds"],
        note="Runs whose settings differ in the seed alone. Interval: Student's t, cut "
        "to what a share can be.",
    )
    for same in _same_settings(runs):
        names = ", ".join(run.name for run in same)
        for split in dict.fromkeys(split for run in same for split in run.evaluations):
            found = [share for run in same if (share := _last(run, split)) is not None]
            if not found:
                continue
            mean = f"{sum(found) / len(found):.1%}"
            interval = _percents(of_mean(found))
            if len(found) == 1:
                interval = "one seed: no interval over seeds can be given"
            table.rows.append([names, split, str(len(found)), mean, interval])
    return table


def gaps(run: Run) -> tuple[Table, ImitationGap | None]:
    """The imitation gap over the training, and the gap of the training's last part."""
    table = Table(
        "Imitation gap over the training",
        ["steps", "episodes", "similarity", "pairs", "over-calling", "under-calling", "followed"],
        note="Episodes of the training beside the teacher's of the same task. Similarity: 1 − "
        "Jensen–Shannon divergence (base 2) of called tools; pairs: of consecutive calls. "
        "Over- and under-calling: calls an episode. Followed: all calls are the teacher's.",
    )
    last = None
    for label, episodes in _windows(run.training):
        found = imitation_gap(_of(episodes), run.teacher)
        if found.episodes:
            last = found
            table.rows.append(
                [
                    label,
                    str(found.episodes),
                    _number(found.similarity),
                    _number(found.bigram_similarity),
                    _number(found.over_calling),
                    _number(found.under_calling),
                    f"{found.followed / found.episodes:.1%}",
                ]
            )
    return table, last


def gap_counts(gap: ImitationGap) -> list[Table]:
    """Counts of an imitation gap: turns of the first difference from the teacher, and errors."""
    parts: list[tuple[str, str, dict[Any, int]]] = [
        ("First divergence", "turn", dict(gap.first_divergence)),
        ("Wrong arguments", "kind", dict(gap.argument_errors)),
        ("Failures", "kind", dict(gap.failures)),
        ("After a failure", "next", dict(gap.after_error)),
    ]
    return [
        Table(
            title,
            [column, "number"],
            [[str(key).replace("_", " "), str(count)] for key, count in list(counts.items())[:12]],
        )
        for title, column, counts in parts
        if counts
    ]


def phases(run: Run) -> dict[str, float]:
    """Phase → wall seconds, in the order of the run; phases without a measure are left out."""
    times = dict.fromkeys(when for by in run.evaluations.values() for when in by)
    walls = {
        when: sum(_wall(by[when]) for by in run.evaluations.values() if when in by)
        for when in times
    }
    found = {"evaluation before": walls.pop("before", 0.0)}
    for stage in run.stages:
        spent = {
            part: sum(row.get(f"seconds/{part}") or 0.0 for row in stage.metrics)
            for part in ("step", "rollout", "reward")
        }
        whole = spent.pop("step")
        if any(spent.values()):
            found |= {f"{stage.name}: {part}s": seconds for part, seconds in spent.items()}
            found[f"{stage.name}: update"] = max(whole - sum(spent.values()), 0.0)
        else:
            found[f"{stage.name}: steps"] = whole
        if stage.name in walls:
            found[f"evaluation {stage.name}"] = walls.pop(stage.name)
    found |= {f"evaluation {when}": seconds for when, seconds in walls.items()}
    return {name: seconds for name, seconds in found.items() if seconds > 0}


def costs(run: Run) -> Table:
    """Tokens and money, by player."""
    table = Table(
        "Cost",
        ["episodes of", "played by", "number", "requests", "tokens in", "tokens out", "US $"],
        note="Requests and tokens as a server counts them. – : no server was asked, or it counted "
        "nothing. Unknown: there is no price of the model.",
    )
    sides = {"the teacher": run.teacher}
    for split, by_time in run.evaluations.items():
        sides |= {f"{split} {when}": _of(episodes) for when, episodes in by_time.items()}
    sides["the training"] = _of(run.training)
    for name, played in sides.items():
        if not played:
            continue
        known = [t.provenance for t in played if t.provenance is not None]
        who = sorted({" ".join(filter(None, (p.player, p.model))) for p in known})
        used = [p.usage for p in known if p.usage is not None]
        usage = sum(used, Usage()) if used else None
        prices = [p.cost for p in known if p.cost is not None]
        money = f"{sum(prices):.4f}" if prices else "unknown" if used else "–"
        counts = ["–"] * 3
        if usage is not None:
            numbers = usage.requests, usage.prompt_tokens, usage.completion_tokens
            counts = [f"{number:,}" for number in numbers]
        source = ", ".join(who[:3]) or played[0].source
        table.rows.append([name, source, f"{len(played):,}", *counts, money])
    return table


def _windows(episodes: Sequence[Episode]) -> list[tuple[str, list[Episode]]]:
    """Parts of the training with equal numbers of steps, each with its label."""
    steps = sorted({episode.trajectory.policy_version or 0 for episode in episodes})
    size = -(-len(steps) // _WINDOWS)
    found = []
    for start in range(0, len(steps), max(size, 1)):
        inside = steps[start : start + size]
        first, last = inside[0], inside[-1]
        own = [e for e in episodes if first <= (e.trajectory.policy_version or 0) <= last]
        label = f"{first + 1} to {last + 1}" if last > first else str(first + 1)
        found.append((label, own[:: -(-len(own) // _COMPARED)]))
    return found


def _same_settings(runs: Sequence[Run]) -> list[list[Run]]:
    groups: list[tuple[dict[str, Any], list[Run]]] = []
    for run in runs:
        settings = {key: value for key, value in run.settings.items() if key != "seed"}
        for known, same in groups:
            if known == settings:
                same.append(run)
                break
        else:
            groups.append((settings, [run]))
    return [same for _, same in groups]


def _wall(episodes: Sequence[Episode]) -> float:
    """Seconds from the first episode's begin to the last one's end; 0 if the times are unknown."""
    begins, ends = [], []
    for episode in episodes:
        provenance = episode.trajectory.provenance
        if provenance is not None and provenance.made_at:
            end = datetime.fromisoformat(provenance.made_at).timestamp()
            ends.append(end)
            begins.append(end - (provenance.seconds or 0.0))
    return max(ends) - min(begins) if ends else 0.0


def _of(episodes: Sequence[Episode]) -> list[Trajectory]:
    return [episode.trajectory for episode in episodes]


def _gain(run: Run, split: str) -> str:
    shares = [summarise(_of(e)).success for e in run.evaluations.get(split, {}).values() if e]
    shown = ["–" if share is None else f"{share:.1%}" for share in shares]
    return " → ".join(shown) or "–"


def _last(run: Run, split: str) -> float | None:
    by_time = run.evaluations.get(split, {})
    if len(by_time) < 2 and run.status != "finished":
        return None
    *_, last = by_time.values()
    return summarise(_of(last)).success


def _percents(interval: Interval) -> str:
    if interval is None:
        return "–"
    low, high = (100 * min(max(bound, 0.0), 1.0) for bound in interval)
    return f"{low:.1f} – {high:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
