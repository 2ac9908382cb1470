"""The page: figures, tables and episodes of runs in one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from mentor_core.support.errors import ConfigError
from mentor_lab.report import figures, tables
from mentor_lab.report.curves import MOST_POINTS
from mentor_lab.report.pack import MOST_BYTES, Packed, pack, read_source
from mentor_lab.report.read import Run, megabytes, open_run
from mentor_lab.report.render import render
from mentor_toolkit.disk import writing
from mentor_toolkit.progress_bar import bar

__all__ = ["EPISODES", "write_page"]

EPISODES = 500
"""Default number of episodes on a page."""

_MEGABYTES_TO_WATCH = 20  # fewer are read before a bar would be seen
_SECTIONS = {
    "overview": "Overview",
    "training": "Training",
    "teacher": "Teacher",
    "time": "Time",
    "episodes": "Episodes",
}
_STATUS = {
    "running": "is still going: the page shows the run as far as it has come.",
    "interrupted": "was interrupted and can be resumed: the page shows the run until then.",
    "killed": "ended without a word, as if it had been killed; it can be resumed.",
}


def write_page(
    paths: Sequence[Path],
    output: Path,
    most: int = EPISODES,
    most_bytes: int = MOST_BYTES,
    console: Console | None = None,
) -> list[str]:
    """Write the page of one run or several.

    Args:
        paths: directories of the runs.
        output: the HTML file; an older file is replaced.
        most: largest number of episodes on the page, all runs together. All figures count all
            episodes.
        most_bytes: size of packed data, in bytes, after which no episode is added.
        console: shows the megabytes of episodes read so far; None to show nothing.

    Returns:
        The page's notes about missing parts.

    Raises:
        RunError: a directory holds no run, or the file cannot be written.
        ConfigError: the runs are of different environments.
    """
    runs = [open_run(path) for path in paths]
    _name_apart(runs)
    _check_environments(runs)
    total = sum(map(megabytes, runs))
    if console is None or total < _MEGABYTES_TO_WATCH:
        console = Console(quiet=True)
    with bar(console, "MB of episodes", total) as shown:
        sources = [read_source(run, shown.advance) for run in runs]
    drawn = _figures(runs)
    packed = pack(sources, drawn["all"], most, most_bytes)
    text = _render(runs, drawn, packed)
    partial = output.with_name(output.name + ".partial")
    with writing(output):
        partial.write_text(text, encoding="utf-8")
        partial.replace(output)
    return [
        *(f"{run.name}: {note}" for run in runs for note in run.notes),
        packed.shown,
        *packed.notes,
    ]


def _name_apart(runs: Sequence[Run]) -> None:
    """Add the names of the directories above to runs of one name."""
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        for run in runs:
            run.name = "/".join(run.path.resolve().parts[-2:])
    names = [run.name for run in runs]
    for number, run in enumerate(runs, 1):
        if names.count(run.name) > 1:
            run.name = f"{run.name} ({number})"


def _check_environments(runs: Sequence[Run]) -> None:
    by_env: dict[str, list[str]] = {}
    for run in runs:
        by_env.setdefault(str(run.settings.get("env", "unknown")), []).append(str(run.path))
    if len(by_env) > 1:
        named = "; ".join(f"{env}: {', '.join(paths)}" for env, paths in by_env.items())
        raise ConfigError(
            f"one page shows runs of one environment, and these are of {len(by_env)} ({named}); "
            "write a page for each"
        )


def _figures(runs: Sequence[Run]) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "success": figures.success(runs),
        "curves": figures.curves(runs),
        "scores": figures.scores_by_split(runs),
        "tools": figures.tools(runs),
        "ends": figures.endings(runs),
        "time": figures.time(runs),
    }
    drawn["all"] = [
        *(drawn[name] for name in ("success", "tools", "ends", "time")),
        *(figure for several in drawn["curves"].values() for figure in several),
        *drawn["scores"],
    ]
    return drawn


def _render(runs: Sequence[Run], drawn: Mapping[str, Any], packed: Packed) -> str:
    several = len(runs) > 1
    gaps = [tables.gaps(run) for run in runs]
    gap = tables.together(runs, [table for table, _ in gaps])
    last = gaps[0][1] if not several else None
    banners = [f"{run.name} {_STATUS[run.status]}" for run in runs if run.status in _STATUS]
    banners += [f"{run.name}: {note}" if several else note for run in runs for note in run.notes]
    overview = [tables.overview(runs)] if several else []
    overview += [
        tables.together(runs, [tables.evaluations(run) for run in runs]),
        tables.seeds(runs),
    ]
    points = [stage.metrics for run in runs for stage in run.stages]
    every = max((len(rows) for rows in points), default=0) / MOST_POINTS
    return render(
        "page.html.jinja",
        scripts=("draw.js", "page.js"),
        title=f"{len(runs)} runs of {runs[0].settings.get('env')}" if several else runs[0].name,
        sections=_SECTIONS.items(),
        banners=banners,
        facts=[] if several else runs[0].facts,
        overview=[table for table in overview if table.rows],
        success=drawn["success"],
        curves=drawn["curves"],
        scores=drawn["scores"],
        curve_note="Means of each step. Bands: 95 % interval of the mean over the step's tasks, "
        "from the episodes that were kept; a step with one task has none."
        + (f" Each point is the mean of {-(-every // 1):.0f} steps." if every > 1 else ""),
        gaps=[gap] if gap.rows else [],
        gap_counts=tables.gap_counts(last) if last is not None else [],
        gap_title="Where the last part of the training differs from the teacher",
        tools=drawn["tools"],
        ends=drawn["ends"],
        time=drawn["time"],
        costs=[tables.together(runs, [tables.costs(run) for run in runs])],
        shown=packed.shown,
        notes=packed.notes,
        data=packed.text,
    )
