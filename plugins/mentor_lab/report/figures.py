"""Figures: plain dictionaries that plotly.js draws.

The page sets colours of text, grid and background, as these depend on the theme. A figure is drawn
for one run, or for several runs with a series each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mentor_core.contracts.trajectory import Trajectory
from mentor_lab.report.curves import curve
from mentor_lab.report.intervals import over_tasks
from mentor_lab.report.read import Episode, Metrics, Run
from mentor_lab.report.tables import phases, summaries
from mentor_lab.report.traces import COLOURS, Trace, bars, lines, stacked
from mentor_runs.evaluation.summary import Summary

__all__ = ["Figure", "curves", "endings", "scores_by_split", "success", "time", "titles", "tools"]

BEFORE, TEACHER = "#8a8f98", "#E69F00"


@dataclass(slots=True)
class Figure:
    """One figure of the page.

    Attributes:
        id: id of the figure's place on the page.
        title: title of the figure; note: help for reading the figure.
        traces, layout: for plotly.js.
        small: true for one of several figures side by side.
    """

    id: str
    title: str
    note: str = ""
    traces: list[Trace] = field(default_factory=list)
    layout: dict[str, Any] = field(default_factory=dict)
    small: bool = False


def success(runs: Sequence[Run]) -> Figure:
    """Success of each split at each evaluation, with Wilson's interval."""
    figure = Figure(
        "success",
        "Success by split",
        "Share of verified episodes with outcome 1. Bars: 95 % interval over tasks.",
        layout={"barmode": "group", "yaxis": {"tickformat": ".0%", "range": [0, 1]}},
    )
    for name, colour, by_split in _evaluations(runs):
        figures: dict[str, Summary] = {}
        for split, episodes in by_split.items():
            figures |= summaries(split, episodes)
        known = {s: f for s, f in figures.items() if f.success is not None}
        shares = [f.success or 0.0 for f in known.values()]
        intervals = [f.interval for f in known.values()]
        figure.traces.append(bars(name, colour, list(known), shares, intervals))
    return figure


def scores_by_split(runs: Sequence[Run]) -> list[Figure]:
    """Mean score of each term in each split, with an interval over tasks."""
    splits = dict.fromkeys(split for run in runs for split in run.evaluations)
    found = []
    for split in splits:
        figure = Figure(
            f"scores-{split}",
            f"Scores of each term, {split}",
            "Mean score of an evaluation's episodes. Bars: 95 % interval of the mean over tasks. "
            "A term without a bar scores none of the episodes: it may need a teacher's reference.",
            layout={"barmode": "group"},
        )
        for name, colour, by_split in _evaluations(runs):
            means, intervals = {}, []
            for term, values in _scores(by_split.get(split, [])).items():
                means[term] = sum(values) / len(values)
                intervals.append(over_tasks(values))
            if means:
                figure.traces.append(
                    bars(name, colour, list(means), list(means.values()), intervals)
                )
        if figure.traces:
            found.append(figure)
    return found


def curves(runs: Sequence[Run]) -> dict[str, list[Figure]]:
    """Stage → a small figure for each metric, all runs in one."""
    found: dict[str, list[Figure]] = {}
    names = {stage.name for run in runs for stage in run.stages}
    for name in sorted(names, key=lambda name: (name == "training", name)):
        stages = [(run, stage) for run in runs for stage in run.stages if stage.name == name]
        rows = [row for _, stage in stages for row in stage.metrics]
        for metric, title in titles(rows).items():
            figure = Figure(f"curve-{name}-{metric}".replace("/", "-"), title, small=True)
            for run, stage in stages:
                episodes = run.training if name == "training" else []
                points = curve(metric, stage.metrics, episodes)
                if any(mean is not None for mean in points.mean):
                    label = run.name if len(runs) > 1 else title
                    figure.traces += lines(label, runs.index(run), points)
            if figure.traces:
                figure.layout = {
                    "xaxis": {"title": {"text": "step"}},
                    "yaxis": _scale(metric, figure),
                }
                found.setdefault(name, []).append(figure)
    return found


def tools(runs: Sequence[Run]) -> Figure:
    """Each tool's share of the calls, beside the teacher's."""
    figure = Figure(
        "tools",
        "Use of tools, beside the teacher's",
        "Share of all calls. The teacher's are its references, of training tasks.",
        layout={"barmode": "group", "yaxis": {"tickformat": ".0%"}},
    )
    teacher = next((run.teacher for run in runs if run.references), [])
    sides = [
        (name, colour, [t for episodes in by_split.values() for t in _of(episodes)])
        for name, colour, by_split in _evaluations(runs)
    ]
    if len(runs) == 1:
        sides.insert(1, ("training", COLOURS[3], _of(runs[0].training)))
    sides.insert(0, ("teacher", TEACHER, teacher))
    counts = {n: Counter(call.name for t in played for call in t.calls) for n, _, played in sides}
    every = sum(counts.values(), Counter[str]())
    order = [tool for tool, _ in every.most_common(30)]
    for name, colour, _ in sides:
        total = counts[name].total()
        if total:
            shares = [counts[name][tool] / total for tool in order]
            figure.traces.append(bars(name, colour, order, shares))
    if len(every) > len(order):
        figure.note += f" Of {len(every)} tools the 30 that are called most often."
    return figure


def endings(runs: Sequence[Run]) -> Figure:
    """End reasons of episodes, as shares."""
    figure = Figure(
        "ends",
        "How episodes ended",
        "Share of episodes by end reason.",
        layout={"barmode": "stack", "xaxis": {"tickformat": ".0%", "range": [0, 1]}},
    )
    rows: dict[str, list[Trajectory]] = {}
    for run in runs:
        label = f"{run.name}: " if len(runs) > 1 else ""
        for split, by_time in run.evaluations.items():
            for when, episodes in by_time.items():
                rows[f"{label}{split} {when}"] = _of(episodes)
        rows[f"{label}training"] = _of(run.training)
    rows = dict(reversed([(name, played) for name, played in rows.items() if played]))
    counts: dict[str, Counter[str]] = {
        name: Counter(t.end or "unfinished" for t in played) for name, played in rows.items()
    }
    reasons = [reason for reason, _ in sum(counts.values(), Counter[str]()).most_common()]
    for index, reason in enumerate(reasons):
        shares = [of[reason] / of.total() for of in counts.values()]
        name = reason.replace("_", " ")
        figure.traces.append(stacked(name, index, list(rows), shares, "%{x:.1%}"))
    figure.layout["height"] = 120 + 28 * len(rows)
    return figure


def time(runs: Sequence[Run]) -> Figure:
    """Wall time of each phase."""
    figure = Figure(
        "time",
        "Time by phase",
        "Wall time. An evaluation's is from its first to its last episode, to the second.",
        layout={"barmode": "stack", "xaxis": {"ticksuffix": " s"}},
    )
    spent = {run.name: phases(run) for run in runs}
    names = dict.fromkeys(name for by_phase in spent.values() for name in by_phase)
    for index, name in enumerate(names):
        seconds = [by_phase.get(name) for by_phase in spent.values()]
        figure.traces.append(stacked(name, index, list(spent), seconds, "%{x:.1f} s"))
    figure.layout["height"] = 170 + 32 * len(runs)
    return figure


_FROM_0_TO_1 = ("reward", "success", "terms/", "groups/", "end/", "masked_episodes")
_TITLES = {
    "reward": "Reward",
    "success": "Success",
    "groups/zero_variance": "Groups of zero variance",
    "calls": "Calls an episode",
    "calls/failed": "Failed calls, share",
    "turns": "Turns an episode",
    "masked_episodes": "Episodes without loss",
    "loss": "Loss",
    "entropy": "Entropy",
    "kl": "KL to the reference model",
    "grad_norm": "Norm of the gradient",
    "kept_episodes": "Episodes kept",
    "tokens_per_second": "Tokens a second",
}


def titles(rows: Sequence[Metrics]) -> dict[str, str]:
    """Drawn metric → its title: rewards, terms, then the rest."""
    there = dict.fromkeys(name for row in rows for name in row)
    terms = {
        name: f"Term {name.split('/')[1]}"
        for name in there
        if name.startswith("terms/") and name.endswith("/mean")
    }
    ends = {
        name: f"Ended: {name[4:]}, share".replace("_", " ")
        for name in there
        if name.startswith("end/")
    }
    others = {name: title for name, title in _TITLES.items() if name in there}
    first = {name: others.pop(name) for name in ("reward", "success") if name in others}
    return first | terms | others | ends


def _scale(metric: str, figure: Figure) -> dict[str, Any]:
    """An axis from 0 to 1 for shares and scores in that range, which makes figures comparable."""
    drawn = [trace["y"] for trace in figure.traces if trace.get("meta") != "interval"]
    inside = all(0 <= value <= 1 for y in drawn for value in y if value is not None)
    if inside and metric.startswith(_FROM_0_TO_1):
        return {"range": [-0.02, 1.02]}
    return {"nticks": 5}


def _evaluations(
    runs: Sequence[Run],
) -> Iterator[tuple[str, str, dict[str, list[Episode]]]]:
    """Name, colour and split → episodes of each evaluation; with several runs, of each last one."""
    for index, run in enumerate(runs):
        times = dict.fromkeys(when for by in run.evaluations.values() for when in by)
        for number, when in enumerate(times):
            of = {split: by[when] for split, by in run.evaluations.items() if when in by}
            if len(runs) == 1:
                colour = BEFORE if when == "before" else COLOURS[(number - 1) % 6]
                yield when, colour, of
            elif number == len(times) - 1:
                yield f"{run.name}, {when}", COLOURS[index % 6], of


def _of(episodes: Sequence[Episode]) -> list[Trajectory]:
    return [episode.trajectory for episode in episodes]


def _scores(episodes: Sequence[Episode]) -> dict[str, list[float]]:
    """Term → the mean score of each task."""
    by_task: dict[str, dict[tuple[str, str], list[float]]] = {}
    for episode in episodes:
        for term, score in episode.trajectory.scores.items():
            if score is not None:
                tasks = by_task.setdefault(term, {})
                tasks.setdefault(episode.trajectory.task_key, []).append(score)
    return {
        term: [sum(values) / len(values) for values in tasks.values()]
        for term, tasks in by_task.items()
    }
