"""CsvTracker: metrics, evaluations and episodes as tables that spreadsheets and pandas open."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from mentor_core.contracts.tracker import Metrics
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import DataError
from mentor_plugins.trackers.episode_table import EpisodeTable
from mentor_plugins.trackers.recorded import finite, started
from mentor_toolkit.disk import write_atomically, writing

__all__ = ["CsvTracker"]


class CsvTracker(EpisodeTable):
    """Writes a row for each step, each evaluation and each shown episode, at once.

    An empty cell means that nothing was measured. A new metric becomes a new column, which is empty
    in earlier rows. When a run resumes, the rows of later steps are cut away. A last row that a
    crash left unfinished is cut away, too.
    """

    file: str = Field(
        "metrics.csv", min_length=1, description="file of the steps, in the run directory"
    )
    evaluations: str = Field(
        "evaluations.csv", min_length=1, description="file of the evaluations, likewise"
    )
    episodes_file: str = Field(
        "episodes.csv", min_length=1, description="file of the episodes, likewise"
    )

    _steps: _Table | None = PrivateAttr(default=None)
    _evaluated: _Table | None = PrivateAttr(default=None)
    _episodes: _Table | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _three_files(self) -> Self:
        names = [self.file, self.evaluations, self.episodes_file]
        if len(set(names)) < len(names):
            raise ValueError(
                f"file, evaluations and episodes_file are {', '.join(names)}; expected three files"
            )
        return self

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        """Open the files; `step` 0 starts them afresh.

        Raises:
            DataError: a row before the last is not a row of the table.
            RunError: a file cannot be written.
        """
        self._steps = _Table(directory / self.file, step)
        self._episodes = _Table(directory / self.episodes_file, step)
        self._evaluated = _Table(directory / self.evaluations, 0)  # recorded again after a resume

    def log(self, step: int, metrics: Metrics) -> None:
        started(self._steps, "csv").add({"step": step, **finite(metrics)})

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        started(self._evaluated, "csv").add({"evaluation": name, "step": step, **finite(metrics)})

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        for row in self.table(step, trajectories):
            started(self._episodes, "csv").add(row)


class _Table:
    """A file of rows, each with a `step`. Rows after the step `until` are cut away."""

    def __init__(self, path: Path, until: int) -> None:
        self.path = path
        self.columns: list[str] = []
        with writing(path):
            if until > 0 and path.exists():
                self._write(*_rows_until(path, until))
            else:
                path.unlink(missing_ok=True)

    def add(self, row: Mapping[str, Any]) -> None:
        new = [name for name in row if name not in self.columns]
        with writing(self.path):
            if new:
                _, rows = _rows_until(self.path, None) if self.columns else ([], [])
                self._write([*self.columns, *new], rows)
            with self.path.open("a", encoding="utf-8", newline="") as stream:
                self._writer(stream).writerow(row)

    def _write(self, columns: list[str], rows: list[dict[str, str]]) -> None:
        """Replace the file in one go: a crash meanwhile leaves the old one."""
        lines = _Lines()
        self.columns = columns
        writer = self._writer(lines)
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(self.path, "".join(lines))

    def _writer(self, stream: Any) -> csv.DictWriter[str]:
        return csv.DictWriter(stream, self.columns, restval="", lineterminator="\n")


class _Lines(list[str]):
    """Collects the lines of `csv` in place of a file."""

    def write(self, line: str) -> None:
        self.append(line)


def _rows_until(path: Path, step: int | None) -> tuple[list[str], list[dict[str, str]]]:
    """Columns, and the rows up to and including `step`, without an unfinished last row."""
    text = path.read_text(encoding="utf-8", errors="replace")
    whole = text.endswith("\n")
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    try:
        for row in reader:
            rows.append(row)
            numbers.append(reader.line_num)
    except csv.Error:  # a quoted cell that was being written
        whole = True
    if rows and not whole:
        rows.pop()
    columns, kept = (rows[0] if rows else []), []
    for row, number in zip(rows[1:], numbers[1:], strict=False):
        cells = dict(zip(columns, row, strict=False))
        if len(row) != len(columns) or not cells.get("step", "").isdecimal():
            raise DataError(f"{path}:{number}: not a row of metrics")
        if step is None or int(cells["step"]) <= step:
            kept.append(cells)
    return columns, kept
