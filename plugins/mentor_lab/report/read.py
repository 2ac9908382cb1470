"""Run: a run directory in the form of the page; each missing or broken part becomes a note.

Episodes are read once and kept without their texts and tokens, so that a hundred thousand of them
fit into memory. An `Episode` holds the place of the rest.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Trajectory, iterate_trajectories, parse_trajectory
from mentor_core.support.errors import DataError
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.tables import read_toml

__all__ = [
    "Episode",
    "Metrics",
    "Run",
    "Stage",
    "Status",
    "megabytes",
    "open_run",
    "read_episodes",
    "read_metrics",
    "status_of",
]

Metrics = dict[str, float | None]
Status = Literal["finished", "interrupted", "running", "killed"]
Change = Literal["", "regressed", "learned"]
Score = Callable[[Trajectory], dict[str, float | None]]

_MEGABYTE = 1_000_000
_FIRST = {"before": 0, "warm": 1, "after": 99}
"""The order of evaluations; others are between, by name."""


@dataclass(slots=True)
class Episode:
    """An episode of a run, and its place in a file.

    Attributes:
        part: train, eval-before, ood-after …
        number: the line's number, from 1; offset: the line's offset in the file, in bytes.
        trajectory: the trajectory without texts, results and tokens.
        change: set if the same task and seed was won before training and lost after, or the
            reverse.
    """

    part: str
    file: Path
    number: int
    offset: int
    trajectory: Trajectory
    change: Change = ""

    @property
    def id(self) -> str:
        """Names the episode in links: `eval-after:12`."""
        return f"{self.file.stem}:{self.number}"

    def whole(self) -> Trajectory:
        """The whole trajectory, read again from the file.

        Raises:
            DataError: the line does not exist any more.
        """
        with self.file.open("rb") as file:
            file.seek(self.offset)
            return parse_trajectory(file.readline(), f"{self.file}:{self.number}")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the training: its metrics, a row a step, each with its `step`."""

    name: str
    metrics: list[Metrics]


@dataclass(slots=True)
class Run:
    """The facts of a run.

    Attributes:
        name: name of the run's directory.
        settings: the content of config.toml.
        facts: the lines below the table of report.md.
        stages: the stages before the training, then "training".
        evaluations: split → when → episodes, from before to after.
        training: the kept episodes of the training.
        references: task → the teacher's trajectories, in full.
        notes: a sentence for each part that is missing, broken or left out.
    """

    path: Path
    name: str
    settings: dict[str, Any]
    status: Status
    steps: int
    facts: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    evaluations: dict[str, dict[str, list[Episode]]] = field(default_factory=dict)
    training: list[Episode] = field(default_factory=list)
    references: dict[TaskKey, list[Trajectory]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Episode]:
        """All episodes: the evaluations' episodes, then the training's."""
        for by_time in self.evaluations.values():
            for episodes in by_time.values():
                yield from episodes
        yield from self.training

    @property
    def teacher(self) -> list[Trajectory]:
        """All references."""
        return [reference for several in self.references.values() for reference in several]


def open_run(path: Path) -> Run:
    """Read a run without its episodes.

    Raises:
        RunError: the directory holds no run.
        ConfigError: its config.toml is not TOML.
    """
    directory = RunDirectory.open(path)
    settings = read_toml(path / "config.toml")
    run = Run(path, path.resolve().name, settings, status_of(path), directory.steps)
    if (path / "report.md").is_file():
        lines = (path / "report.md").read_text(encoding="utf-8").splitlines()
        run.facts = [line[2:] for line in lines if line.startswith("- ")]
    file = str(_get(settings, "tracker_options", "jsonl", "file") or "metrics.jsonl")
    before = sorted(other.parent for other in path.glob(f"*/{file}"))
    for folder in (*before, path):
        name = folder.name if folder != path else "training"
        run.stages.append(Stage(name, read_metrics(folder / file, run.notes)))
    if not run.stages[-1].metrics:
        run.notes.append(
            f"There are no metrics of the training: {path / file} is missing or empty."
        )
    _read_references(run)
    return run


def read_episodes(
    run: Run,
    score: Score | None = None,
    scored: int = 2000,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Read the episodes of an opened run.

    Args:
        score: scores an episode of an evaluation that has no scores yet.
        scored: most episodes of one evaluation that are scored.
        advance: called after each megabyte of `megabytes(run)`.
    """
    for part in _parts(run):
        _read_part(run, part, score, scored, advance)
    if not run.evaluations:
        run.notes.append("There are no episodes of an evaluation.")
    if not run.training:
        run.notes.append("There are no episodes of the training.")
    for by_time in run.evaluations.values():
        _mark_changes(by_time)


def megabytes(run: Run) -> int:
    """The size of a run's files of episodes."""
    return sum(part.stat().st_size // _MEGABYTE for part in _parts(run))


def read_metrics(file: Path, notes: list[str]) -> list[Metrics]:
    """The rows of a file of metrics; none if there is no such file.

    Args:
        notes: is extended by a note about lines that are no metrics. The last line may be half
            written.
    """
    if not file.is_file():
        return []
    rows: list[Metrics] = []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    broken = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            rows.append({str(k): _number(v) for k, v in row.items()} | {"step": int(row["step"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            if number < len(lines):
                broken.append(number)
    if broken:
        notes.append(f"{file}: {len(broken)} lines are no metrics (the first is line {broken[0]}).")
    return rows


def status_of(path: Path) -> Status:
    """The status of a run; "killed" if the run's state is "running" without a process."""
    status = RunDirectory(path).status
    if status != "running":
        return status
    try:
        _, pid, _, host = (path / ".lock").read_text(encoding="utf-8").split()
        if host == os.uname().nodename:
            os.kill(int(pid), 0)
    except (OSError, ValueError):
        return "killed"
    return "running"


def _read_references(run: Run) -> None:
    file = run.path / "references.jsonl"
    if not file.is_file():
        run.notes.append("There are no references: nothing of the teacher can be shown.")
        return
    try:
        for reference in iterate_trajectories(file):
            run.references.setdefault(reference.task_key, []).append(
                replace(reference, tokens=None)
            )
    except DataError as error:
        run.notes.append(f"References from there on are left out: {error}.")


def _parts(run: Run) -> list[Path]:
    return sorted((run.path / "trajectories").glob("*.jsonl"), key=_order)


def _read_part(
    run: Run, file: Path, score: Score | None, scored: int, advance: Callable[[], None]
) -> None:
    name = "train" if file.stem.partition("-")[0] == "train" else file.stem
    split, _, when = name.partition("-")
    into = run.training if name == "train" else []
    if name != "train":
        run.evaluations.setdefault(split, {})[when] = into
    broken: list[str] = []
    with file.open("rb") as stream:
        offset = 0
        for number, line in enumerate(stream, 1):
            start, offset = offset, offset + len(line)
            for _ in range(start // _MEGABYTE, offset // _MEGABYTE):
                advance()
            if not line.strip():
                continue
            try:
                whole = parse_trajectory(line, f"{file.name}:{number}")
            except DataError as error:
                if line.endswith(b"\n"):  # else it is being written
                    broken.append(str(error))
                continue
            if score is not None and name != "train" and len(into) < scored:
                whole.scores = whole.scores or score(whole)
            into.append(Episode(name, file, number, start, _lean(whole)))
    if broken:
        run.notes.append(f"{len(broken)} lines of {file} are left out. The first: {broken[0]}.")


def _lean(whole: Trajectory) -> Trajectory:
    turns = [
        replace(
            turn, text="", observation=[], calls=[replace(call, result="") for call in turn.calls]
        )
        for turn in whole.turns
    ]
    return replace(whole, prompt=[], turns=turns, tokens=None, tools=[])


def _mark_changes(by_time: dict[str, list[Episode]]) -> None:
    if len(by_time) < 2:
        return
    first, *_, last = by_time.values()
    before = {_played(episode): episode for episode in first}
    for after in last:
        old = before.get(_played(after))
        outcomes = [e.trajectory.outcome for e in (old, after) if e is not None]
        if old is None or None in outcomes:
            continue
        won = [outcome is not None and outcome >= 1 for outcome in outcomes]
        if won[0] != won[1]:
            old.change = after.change = "learned" if won[1] else "regressed"


def _played(episode: Episode) -> tuple[object, ...]:
    return *episode.trajectory.task_key, episode.trajectory.seed


def _order(file: Path) -> tuple[str, int, str]:
    split, _, when = file.stem.partition("-")
    return split, _FIRST.get(when, 50), when


def _number(value: Any) -> float | None:
    real = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if real else None


def _get(settings: Any, *keys: str) -> Any:
    for key in keys:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return settings
