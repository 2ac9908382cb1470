"""A run's figures in the terminal: the metrics and evaluations that its files have so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mentor_lab.report.figures import titles
from mentor_lab.report.read import Metrics, Status, read_metrics, status_of
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.tables import read_toml

__all__ = ["Watched", "look", "shown", "sparkline", "step_line"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 20  # characters of one curve


class Watched:
    """The state of a run's files at one moment.

    Attributes:
        steps, total: finished steps of the present stage, and all its steps.
        metrics: rows of the present stage; evaluations: rows of the evaluations so far.
        notes: broken lines.
    """

    def __init__(self, path: Path) -> None:
        RunDirectory.open(path)
        settings = read_toml(path / "config.toml")
        options = settings.get("tracker_options", {}).get("jsonl", {})
        file = options.get("file", "metrics.jsonl")
        self.path = path
        self.notes: list[str] = []
        self.status: Status = status_of(path)
        self.stage, self.total = "training", int(settings.get("train", {}).get("steps", 0))
        self.metrics = read_metrics(path / file, self.notes)
        name, _, steps = str(settings.get("warm_start", "")).partition(":")
        if not self.metrics and name and (path / "warm" / file).is_file():
            self.stage, self.total = "warm start", int(steps)
            self.metrics = read_metrics(path / "warm" / file, self.notes)
        self.evaluations = _evaluations(path / options.get("evaluations", "evaluations.jsonl"))

    @property
    def steps(self) -> int:
        """Steps of the stage with metrics."""
        return int(self.metrics[-1]["step"] or 0) if self.metrics else 0


def look(path: Path) -> Watched:
    """Read the present state of a run.

    Raises:
        RunError: the directory holds no run.
    """
    return Watched(path)


def shown(run: Watched) -> RenderableType:
    """The figures as a table of curves, and a table of evaluations."""
    heading = Text(f"{run.path}: {run.status}, {run.stage} step {run.steps} of {run.total}")
    heading.stylize("bold")
    parts: list[RenderableType] = [heading]
    if run.metrics:
        parts.append(_curves(run.metrics))
    else:
        parts.append(Text("There are no metrics yet.", style="dim"))
    if run.evaluations:
        parts.append(_success(run.evaluations))
    parts += [Text(note, style="yellow") for note in run.notes]
    return Group(*parts)


def step_line(row: Metrics) -> str:
    """A step in one line, for output that is no terminal."""
    names = [name for name in ("reward", "success", "loss") if row.get(name) is not None]
    facts = "  ".join(f"{name} {_number(row[name])}" for name in names)
    return f"step {row['step']:.0f}  {facts}".rstrip()


def sparkline(values: Sequence[float | None], width: int = _WIDTH) -> str:
    """A curve of block characters; a gap for a step without a finite value.

    Args:
        width: most characters; in a longer training several steps share one character, with their
            mean.
    """
    size = max(-(-len(values) // width), 1)
    means = []
    for start in range(0, len(values), size):
        known = [v for v in values[start : start + size] if v is not None and math.isfinite(v)]
        means.append(sum(v / len(known) for v in known) if known else None)
    known = [mean for mean in means if mean is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    spread = high / 2 - low / 2  # halves: the difference itself can be beyond the largest float
    return "".join(" " if m is None else _block((m / 2 - low / 2) / (spread or 1.0)) for m in means)


def _block(share: float) -> str:
    """The character of a height between 0 and 1."""
    return _BLOCKS[round(share * (len(_BLOCKS) - 1))]


def _curves(rows: Sequence[Metrics]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), pad_edge=False)
    for column in ("", "over the steps", "lowest", "highest", "last"):
        right = column in ("lowest", "highest", "last")
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    for name, title in titles(rows).items():
        values = [row.get(name) for row in rows]
        known = [value for value in values if value is not None]
        if known:
            numbers = min(known), max(known), values[-1]
            table.add_row(Text(title), Text(sparkline(values)), *map(_number, numbers))
    return table


def _success(evaluations: Sequence[dict[str, float | str | None]]) -> Table:
    splits = dict.fromkeys(
        name.removesuffix("/success")
        for row in evaluations
        for name in row
        if name.endswith("/success")
    )
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1))
    table.add_column("success")
    for split in splits:
        table.add_column(split, justify="right")
    for row in evaluations:
        cells = []
        for split in splits:
            values = [row.get(f"{split}/{n}") for n in ("success", "interval/low", "interval/high")]
            share, low, high = (v if isinstance(v, float | int) else None for v in values)
            known = share is not None and low is not None and high is not None
            cells.append(f"{share:.1%} ({low:.1%} – {high:.1%})" if known else "–")
        table.add_row(Text(str(row["evaluation"])), *cells)
    return table


def _evaluations(file: Path) -> list[dict[str, float | str | None]]:
    """The rows of a file of evaluations; broken lines are left out, as one may be half written."""
    import json

    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            row = json.loads(line)
            found.append({**row, "evaluation": str(row["evaluation"])})
        except (ValueError, TypeError, KeyError):
            continue
    return found


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
