"""Scoring: saved trajectories scored again, without a model, in parallel and in constant memory.

    files ─ lines ─→ workers: parse, every term ─→ rows, in order ─ composer ─→ rewards

Nothing is lost, and no fault becomes a score. A line that is no trajectory becomes a `Broken`. A
term that raised, or gave NaN, is among the row's `failures`.
"""

from __future__ import annotations

import gzip
import math
import multiprocessing
import os
import signal
import zlib
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import numpy as np

from mentor_core.contracts.reward import Example, Floats, Scores
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory, parse_trajectory
from mentor_core.support.errors import DataError, RewardError, RunError
from mentor_runs.assembly.assemble import make_reward
from mentor_runs.assembly.reward import Reward, apply_term
from mentor_runs.settings.config import RewardConfig

__all__ = [
    "BATCH",
    "Broken",
    "Inputs",
    "Line",
    "Row",
    "Tally",
    "available_cores",
    "read_lines",
    "score_files",
    "task_of",
]

CHUNK = 64
"""Number of lines that a worker gets at a time."""

BATCH = 1024
"""Most trajectories that the composer gets together."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The reward, tasks and references that trajectories are scored with.

    Attributes:
        tasks: the known tasks; `task_of` rebuilds all others.
        references: task → verified references.
    """

    reward: RewardConfig
    tasks: Mapping[TaskKey, Task] = field(default_factory=dict)
    references: Mapping[TaskKey, list[Trajectory]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, numbered from 1."""

    file: Path
    number: int
    text: bytes

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is not a trajectory; the problem names file, line and field."""

    problem: str


@dataclass(slots=True)
class Row:
    """The scores of one trajectory.

    Attributes:
        where: file and line.
        batch: the same for all trajectories of one training step.
        group: the same for the trajectories of one group of the batch.
        values_K: score of each term, NaN if not scored.
        failures: term → why it gave no score, though it should have.
        reward: NaN if not scored, or if a term failed.
        trajectory: set if asked for; has the new scores.
    """

    where: str
    task: TaskKey
    batch: tuple[str, int | None]
    group: tuple[str, int | None]
    values_K: Floats
    failures: dict[str, str] = field(default_factory=dict)
    reward: float = math.nan
    trajectory: Trajectory | None = None


@dataclass(slots=True)
class Tally:
    """Count, mean and standard deviation of a stream of numbers; NaN is not scored."""

    seen: int = 0
    scored: int = 0
    mean: float = math.nan
    _squares: float = 0.0

    def add(self, value: float) -> None:
        """Count one number."""
        self.seen += 1
        if math.isnan(value):
            return
        self.scored += 1
        before = self.mean if self.scored > 1 else 0.0
        self.mean = before + (value - before) / self.scored
        self._squares += (value - before) * (value - self.mean)

    @property
    def std(self) -> float:
        """The unbiased standard deviation; NaN for fewer than two numbers."""
        return math.sqrt(self._squares / (self.scored - 1)) if self.scored > 1 else math.nan


def task_of(trajectory: Trajectory) -> Task:
    """A task rebuilt from a trajectory: with the prompt, and without an answer."""
    asked = (m["content"] for m in reversed(trajectory.prompt) if m["role"] == "user")
    return Task(trajectory.task_id, trajectory.env, next(asked, ""))


def read_lines(files: Iterable[Path]) -> Iterator[Line]:
    """The lines of files, without blank ones; a file whose name ends in .gz is decompressed.

    Raises:
        DataError: a file cannot be read.
    """
    for path in files:
        try:
            with cast(
                "BinaryIO", (gzip.open if path.suffix == ".gz" else open)(path, "rb")
            ) as file:
                for number, text in enumerate(file, 1):
                    if text := text.removeprefix(BOM_UTF8).strip():
                        yield Line(path, number, text)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def available_cores() -> int:
    """Number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def score_files(
    files: Sequence[Path], inputs: Inputs, jobs: int = 1, keep: bool = False
) -> Iterator[Row | Broken]:
    """Score the trajectories of files, in their order.

    The composer gets the trajectories of one training step together, at most `BATCH`, as at the end
    of a training.

    Args:
        jobs: number of processes; 1 scores in this one.
        keep: give the trajectories back, too.

    Raises:
        DataError: a file cannot be read.
        ConfigError: a name, an option or a weight of the reward is wrong.
        RunError: a worker process ended early.
    """
    reward = make_reward(inputs.reward)
    found: Iterator[Row | Broken]
    chunks = _in_chunks(read_lines(files), CHUNK)
    if jobs == 1:
        scorer = _Scorer(inputs)
        found = (item for chunk in chunks for item in scorer(chunk, keep))
    else:
        found = _in_parallel(chunks, inputs, jobs, keep)
    for _, batch in groupby(found, _batch_key()):
        for items in _in_chunks(batch, BATCH):
            _compose([item for item in items if isinstance(item, Row)], reward)
            yield from items


def _batch_key() -> Callable[[Row | Broken], tuple[str, int | None] | None]:
    """The batch of a row; a broken line belongs to the batch before it."""
    last: list[tuple[str, int | None] | None] = [None]

    def key(item: Row | Broken) -> tuple[str, int | None] | None:
        if isinstance(item, Row):
            last[0] = item.batch
        return last[0]

    return key


def _compose(rows: Sequence[Row], reward: Reward) -> None:
    """Set the rewards of one batch."""
    if not rows:
        return
    numbers: dict[tuple[str, int | None], int] = {}
    groups_B = np.array([numbers.setdefault(row.group, len(numbers)) for row in rows], np.int64)
    values_BK = np.stack([row.values_K for row in rows])
    turns_NK = [np.empty((0, len(reward.terms)))] * len(rows)  # only the whole counts here
    scores = Scores(tuple(reward.terms), reward.weights_K, values_BK, turns_NK, groups_B)
    rewards_B = reward.composer.compose(scores, 1.0).rewards_B
    for row, value in zip(rows, rewards_B.tolist(), strict=True):
        row.reward = math.nan if row.failures else value
        if row.trajectory is not None:
            row.trajectory.reward = None if math.isnan(row.reward) else row.reward


class _Scorer:
    """Parses lines and applies every term."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs, self.terms = inputs, make_reward(inputs.reward).terms

    def __call__(self, lines: Iterable[Line], keep: bool) -> list[Row | Broken]:
        return [self._line(line, keep) for line in lines]

    def _line(self, line: Line, keep: bool) -> Row | Broken:
        try:
            trajectory = parse_trajectory(line.text, str(line))
        except DataError as error:
            return Broken(str(error))
        task = self.inputs.tasks.get(trajectory.task_key) or task_of(trajectory)
        example = Example(trajectory, task, self.inputs.references.get(task.key, []))
        row = Row(
            where=str(line),
            task=trajectory.task_key,
            batch=(str(line.file), trajectory.policy_version),
            group=(trajectory.task_id, trajectory.group),
            values_K=np.full(len(self.terms), np.nan),
        )
        scores: dict[str, float | None] = {}
        for k, (name, term) in enumerate(self.terms.items()):
            try:
                value, _ = apply_term(name, term, example, turns=False)
            except RewardError as error:
                row.failures[name] = str(error)
                continue
            scores[name] = value
            row.values_K[k] = np.nan if value is None else value
        if keep:
            trajectory.scores, trajectory.reward = scores, None
            row.trajectory = trajectory
        return row


_scorer: _Scorer | None = None  # of a worker process


def _set_up(inputs: Inputs) -> None:
    global _scorer  # noqa: PLW0603 - a worker process has one, made when it starts
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    _scorer = _Scorer(inputs)


def _work(lines: list[Line], keep: bool) -> list[Row | Broken]:
    assert _scorer is not None
    return _scorer(lines, keep)


def _in_parallel(
    chunks: Iterator[list[Line]], inputs: Inputs, jobs: int, keep: bool
) -> Iterator[Row | Broken]:
    """Score in worker processes; only a few chunks are under way at a time."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, _set_up, (inputs,))
    under_way: deque[Future[list[Row | Broken]]] = deque()
    try:
        for chunk in chunks:
            under_way.append(pool.submit(_work, chunk, keep))
            if len(under_way) > 2 * jobs:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    except BrokenProcessPool as error:
        raise RunError(
            "a scoring process died; --jobs 1 shows why, and memory may have run out"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk
