"""The page: figures, tables and episodes of runs in one HTML file.

plotly.js and the data are packed with gzip, as their text is three times as long; the browser
unpacks them.
"""

from __future__ import annotations

import base64
import gzip
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mentor_core import __version__
from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.disk import writing
from mentor_core.support.errors import ConfigError, DataError, MentorError
from mentor_core.support.user_code import reason
from mentor_lab.imitation import imitation_gap
from mentor_lab.report import figures, tables
from mentor_lab.report.choose import choose
from mentor_lab.report.curves import MOST_POINTS
from mentor_lab.report.episodes import decoder, facts_of, played
from mentor_lab.report.explain import Explainer
from mentor_lab.report.figures import Figure
from mentor_lab.report.read import Run, open_run, read_episodes

__all__ = ["EPISODES", "write_page"]

EPISODES = 500
"""Episodes on a page, if nobody asks for another number."""

_MOST_BYTES = 11_000_000  # of the packed data; the page takes 4/3 of it, and 2 MB more
_EXPLAINED = 300  # episodes whose scores are explained
_EXPLAIN_SECONDS = 20.0
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


@dataclass(slots=True)
class _Sources:
    """A run, and what its episodes are shown with."""

    run: Run
    explainer: Explainer | None
    notes: list[str] = field(default_factory=list)


def write_page(paths: Sequence[Path], output: Path, most: int = EPISODES) -> list[str]:
    """Write the page of one run or several.

    Args:
        paths: their directories.
        output: the HTML file; an older one is replaced.
        most: episodes that the page has, all runs together. All figures count all episodes.

    Returns:
        What the page says is missing or left out.

    Raises:
        RunError: a directory holds no run, or the file cannot be written.
        ConfigError: the runs are of different environments.
    """
    sources = [_sources(path) for path in paths]
    runs = [source.run for source in sources]
    _name_apart(runs)
    _check_environments(runs)
    drawn = _figures(runs)
    data, shown, notes = _pack(sources, drawn["all"], most)
    text = _render(runs, drawn, data, shown, notes)
    partial = output.with_name(output.name + ".partial")
    with writing(output):
        partial.write_text(text, encoding="utf-8")
        partial.replace(output)
    return [*(f"{run.name}: {note}" for run in runs for note in run.notes), shown, *notes]


def _sources(path: Path) -> _Sources:
    run, explainer = open_run(path), None
    notes = []
    try:
        explainer = Explainer(path, run.references)
    except MentorError as error:
        notes.append(f"Scores are not explained: {reason(error)}.")
    else:
        if explainer.asks:
            terms = ", ".join(explainer.asks)
            notes.append(f"Not scored again, as the term asks a server: {terms}.")
    read_episodes(run, explainer.scores if explainer is not None else None)
    return _Sources(run, explainer, notes)


def _name_apart(runs: Sequence[Run]) -> None:
    """Give runs of one name the names of the directories above, too."""
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


def _pack(
    sources: Sequence[_Sources], drawn: Sequence[Figure], most: int
) -> tuple[str, str, list[str]]:
    """The data of the page; how many episodes it has, in words; what is missing of them."""
    notes = [_of(source, note, sources) for source in sources for note in source.notes]
    head: dict[str, Any] = {
        "runs": [source.run.name for source in sources],
        "figures": [
            {"id": f.id, "traces": f.traces, "layout": f.layout, "small": f.small} for f in drawn
        ],
        "noTokens": [],
    }
    packer = zlib.compressobj(9, wbits=31)
    packed = bytearray()
    teachers: dict[tuple[int, TaskKey], int] = {}
    told: list[dict[str, Any]] = []
    count = explained = 0
    began = time.monotonic()
    packed += packer.compress(b'{"episodes":[')
    chosen = choose([source.run for source in sources], most)
    for number, (source, episodes) in enumerate(zip(sources, chosen, strict=True)):
        decode = decoder(source.run.path)
        none = "The run has no tokenizer on disk yet, so that tokens cannot be shown."
        head["noTokens"].append("" if decode else none)
        for episode in episodes:
            if len(packed) > _MOST_BYTES * (number + 1) / len(sources):
                break
            try:
                whole = episode.whole()
            except (DataError, OSError):  # the run goes on, and has rewound the file
                continue
            whole.scores = whole.scores or episode.trajectory.scores
            reasons = None
            in_time = time.monotonic() - began < _EXPLAIN_SECONDS
            if source.explainer is not None and explained < _EXPLAINED and in_time:
                reasons = source.explainer.explain(whole)
                explained += 1
            references = source.run.references.get(whole.task_key, [])
            key = number, whole.task_key
            if references and key not in teachers:
                teachers[key] = len(told)
                told.append(played(references[0]))
            row = facts_of(episode, whole) | {"run": number, "teacher": teachers.get(key)}
            row["differs"] = _divergence(whole, references)
            row["played"] = played(whole, decode, reasons)
            text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
            packed += packer.compress(("," * (count > 0) + text).encode("utf-8", "replace"))
            count += 1
    head["teachers"] = told
    rest = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    packed += packer.compress(("]," + rest[1:]).encode("utf-8", "replace"))
    packed += packer.flush()
    every = sum(1 for source in sources for _ in source.run)
    shown = f"{count:,} of {every:,} episodes are on the page."
    if count < every:
        shown += (
            " Tasks that were won before and lost after come first, then errors, then tasks that "
            "were learnt; the others are a sample. All figures count all episodes."
        )
    if explained and explained < count:
        notes.append(
            f"Scores of the first {explained} episodes are explained; of any other task: "
            f"mentor score {sources[0].run.path} --explain --task ID."
        )
    return base64.b64encode(bytes(packed)).decode(), shown, notes


def _divergence(whole: Trajectory, references: Sequence[Trajectory]) -> int | None:
    """The first turn, from 1, whose calls are not those of the reference beside it."""
    return next(iter(imitation_gap([whole], references[:1]).first_divergence), None)


def _of(source: _Sources, note: str, sources: Sequence[_Sources]) -> str:
    return f"{source.run.name}: {note}" if len(sources) > 1 else note


def _render(
    runs: Sequence[Run],
    drawn: Mapping[str, Any],
    data: str,
    shown: str,
    notes: Sequence[str],
) -> str:
    from jinja2 import Environment, StrictUndefined

    several = len(runs) > 1
    banners = [f"{run.name} {_STATUS[run.status]}" for run in runs if run.status in _STATUS]
    banners += [f"{run.name}: {note}" if several else note for run in runs for note in run.notes]
    overview = [tables.overview(runs), tables.seeds(runs)] if several else []
    for run in runs:
        table = tables.evaluations(run)
        table.title += f": {run.name}" if several else ""
        overview.append(table)
    if not several:
        overview.append(tables.seeds(runs))
    gaps, counts = [], []
    for run in runs:
        gap, last = tables.gaps(run)
        gap.title += f": {run.name}" if several else ""
        gaps += [gap] if gap.rows else []
        counts += tables.gap_counts(last) if last is not None and not several else []
    costs = []
    for run in runs:
        cost = tables.costs(run)
        cost.title += f": {run.name}" if several else ""
        costs.append(cost)
    points = [stage.metrics for run in runs for stage in run.stages]
    every = max((len(rows) for rows in points), default=0) / MOST_POINTS
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    folder = files("mentor_lab.report")
    template = environment.from_string((folder / "page.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        version=__version__,
        written=f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
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
        gaps=gaps,
        gap_counts=counts,
        gap_title="Where the last part of the training differs from the teacher",
        tools=drawn["tools"],
        ends=drawn["ends"],
        time=drawn["time"],
        costs=[table for table in costs if table.rows],
        shown=shown,
        notes=notes,
        css=(folder / "page.css").read_text(encoding="utf-8"),
        javascript=(folder / "page.js").read_text(encoding="utf-8"),
        plotly=_plotly(),
        data=data,
    )


@cache
def _plotly() -> str:
    """plotly.js, packed: 2 MB in place of 5."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode()
