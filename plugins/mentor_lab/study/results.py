"""Figures of a study's finished cells: success, differences, similarity to the teacher, costs.

Intervals are 95 %. A method that trains has Student's interval over its seeds. If all seeds agree,
the interval is over tasks, as one of no width would claim too much. The student as it is has an
interval over tasks. Differences are paired by task, with a bootstrap over seeds and tasks
(`mentor_runs.evaluation.paired`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Trajectory, read_trajectories
from mentor_core.support.errors import DataError
from mentor_lab.imitation import imitation_gap
from mentor_lab.report.intervals import Interval, of_mean
from mentor_lab.study.cells import Cell
from mentor_lab.study.file import Study
from mentor_lab.study.folder import CellState, StudyFolder
from mentor_runs.evaluation.intervals import estimate
from mentor_runs.evaluation.paired import compare, corrected, success_by_task

__all__ = ["Difference", "Figure", "Results", "Row", "regime", "results"]

ByTask = Mapping[TaskKey, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over seeds.

    Attributes:
        mean: in [0, 1].
        interval: None if it cannot be given.
        over: what the interval is over: seeds, tasks, or nothing.
        seeds: the figure of each seed.
    """

    mean: float
    interval: Interval
    over: str
    seeds: list[float]


@dataclass(frozen=True, slots=True)
class Difference:
    """Success of a method less that of the baseline, on the tasks of both.

    Attributes:
        interval: over seeds and tasks; None with one seed of a method that trains.
        p_value: permutation of tasks, two-sided; about these seeds.
        corrected: the p-value, corrected by Holm for all differences of the environment: its
            methods and splits.
        tasks: number of tasks compared.
        needed: number of tasks that would show a difference of this size; None if not needed.
    """

    difference: float
    interval: Interval
    p_value: float
    corrected: float
    tasks: int
    needed: int | None


@dataclass(slots=True)
class Row:
    """A method in an environment.

    Attributes:
        trains: false for the student as it is.
        wanted, finished: numbers of cells.
        failed: seed → reason.
        success, similarity: split → figure; None if nothing is verified, or nothing compared.
        differences: split → difference from the baseline; {} for the baseline.
        seconds, sampled_tokens, references: means over finished cells; None if there are none.
    """

    environment: str
    method: str
    trains: bool
    wanted: int
    finished: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    success: dict[str, Figure | None] = field(default_factory=dict)
    similarity: dict[str, Figure | None] = field(default_factory=dict)
    differences: dict[str, Difference | None] = field(default_factory=dict)
    seconds: float | None = None
    sampled_tokens: float | None = None
    references: float | None = None


@dataclass(slots=True)
class Results:
    """All figures of a study.

    Attributes:
        splits: environment → its evaluated splits.
        rows: environment by environment, in the order of the file.
        notes: sentences about figures that are missing, or that say less than they seem to.
    """

    name: str
    description: str
    baseline: str
    seeds: list[int]
    splits: dict[str, list[str]]
    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def results(study: Study, cells: Sequence[Cell], folder: StudyFolder) -> Results:
    """Compute the figures of the cells that have finished.

    Raises:
        DataError: a file of episodes cannot be read.
    """
    splits: dict[str, list[str]] = {}
    for cell in cells:
        splits.setdefault(cell.environment, list(cell.config.evaluate.splits))
    rows, successes = [], {}
    for environment in study.environments:
        teacher = _teacher(folder, environment)
        for method in study.methods:
            own = [c for c in cells if (c.environment, c.method) == (environment, method)]
            row, found = _row(own, splits[environment], teacher, folder)
            rows.append(row)
            successes[environment, method] = found
    for row in rows:
        if row.method != study.baseline:
            base = successes[row.environment, study.baseline]
            one = _single(study, rows, row)
            row.differences = {
                split: _difference(base[split], successes[row.environment, row.method][split], one)
                for split in splits[row.environment]
            }
    for environment in study.environments:
        _correct([row for row in rows if row.environment == environment])
    seeds = list(study.seeds)
    done = Results(study.name, study.description, study.baseline, seeds, splits, rows)
    done.notes = _notes(done)
    return done


def regime(base: float) -> str:
    """The regime of tasks, by the success of the student as it is.

    MENTOR (arXiv 2510.18383) trains students that solve some tasks: 21 % in mathematics, 12 % in
    retrieval. Below 1 % nearly all groups of reinforcement have equal rewards.
    """
    if base < 0.01:
        return "below 1 %: reinforcement has nearly nothing to reinforce"
    if base <= 0.1:
        return "1 to 10 %: successes are rare, the regime of the paper's question"
    return "above 10 %: easy, as the outcome alone gives a signal"


def _teacher(folder: StudyFolder, environment: str) -> list[Trajectory]:
    file = folder.teacher(environment)
    return read_trajectories(file) if file.exists() else []


def _row(
    cells: Sequence[Cell], splits: Sequence[str], teacher: Sequence[Trajectory], folder: StudyFolder
) -> tuple[Row, dict[str, list[ByTask]]]:
    """A row without differences, and split → success by task of each finished seed."""
    first = cells[0]
    row = Row(first.environment, first.method, first.trains, len(cells))
    states: list[CellState] = []
    finished: list[Cell] = []
    for cell in cells:
        state = folder.state(cell)
        if state is not None and state.status == "finished":
            states.append(state)
            finished.append(cell)
        elif state is not None and state.status == "failed":
            row.failed[str(cell.seed)] = state.reason
    row.finished = len(finished)
    successes: dict[str, list[ByTask]] = {split: [] for split in splits}
    for split in splits:
        similar: list[float] = []
        for cell in finished:
            file = folder.of(cell) / "evaluations" / f"{split}.jsonl"
            if not file.exists():  # the environment gives no task to this split
                continue
            played = read_trajectories(file)
            if by_task := success_by_task(played):
                successes[split].append(by_task)
            found = imitation_gap(played, teacher).similarity if teacher else None
            if found is not None:
                similar.append(found)
        row.success[split] = _success(successes[split], row.trains)
        row.similarity[split] = _over_seeds(similar) if similar else None
    if states:
        row.seconds = fmean(state.seconds for state in states)
        sampled = [n for state in states if (n := state.sampled_tokens) is not None]
        row.sampled_tokens = fmean(sampled) if len(sampled) == len(states) else None
        row.references = fmean(state.references for state in states)
    return row, successes


def _success(seeds: Sequence[ByTask], trains: bool) -> Figure | None:
    if not seeds:
        return None
    shares = [fmean(by_task.values()) for by_task in seeds]
    if (trains and len(shares) == 1) or len(set(shares)) > 1:
        return _over_seeds(shares)
    tasks = sorted(set().union(*seeds))
    means = [fmean(seed[task] for seed in seeds if task in seed) for task in tasks]
    return Figure(shares[0], estimate(means).interval, "tasks", shares)


def _over_seeds(values: list[float]) -> Figure:
    interval = of_mean(values)
    if interval is not None:
        interval = max(interval[0], 0.0), min(interval[1], 1.0)
    return Figure(fmean(values), interval, "seeds" if interval else "nothing", values)


def _single(study: Study, rows: Sequence[Row], row: Row) -> bool:
    """True if the row, or its baseline, trains and has one seed alone."""
    pair = [row, *(r for r in rows if (r.environment, r.method) == _base_of(study, row))]
    return any(one.trains and one.finished < 2 for one in pair)


def _base_of(study: Study, row: Row) -> tuple[str, str]:
    return row.environment, study.baseline


def _difference(
    base: Sequence[ByTask], other: Sequence[ByTask], one_seed: bool
) -> Difference | None:
    if not base or not other:
        return None
    try:
        paired = compare(base, other)
    except DataError:  # not one task that all have verified
        return None
    interval = None if one_seed else paired.interval
    p = paired.p_value
    return Difference(paired.difference, interval, p, p, paired.tasks, paired.needed)


def _correct(rows: Sequence[Row]) -> None:
    found = [
        (row, split, one)
        for row in rows
        for split, one in row.differences.items()
        if one is not None
    ]
    family = corrected([one.p_value for _, _, one in found])
    for (row, split, one), p in zip(found, family, strict=True):
        row.differences[split] = replace(one, corrected=p)


def _notes(found: Results) -> list[str]:
    notes = []
    single = dict.fromkeys(row.method for row in found.rows if row.trains and row.finished == 1)
    if single:
        notes.append(
            f"One seed only of {', '.join(single)}: no interval can be given, as other seeds may "
            "give other results. p-values are about the tasks."
        )
    for environment, splits in found.splits.items():
        rows = [row for row in found.rows if row.environment == environment]
        for row in rows:
            base = row.success.get(splits[0])
            if not row.trains and base is not None:
                notes.append(
                    f"{environment}: the student as it is solves {base.mean:.1%} of {splits[0]} "
                    f"({regime(base.mean)})."
                )
        for split in splits:
            figures = [figure for row in rows if (figure := row.success[split]) is not None]
            if figures and not any(figure.mean for figure in figures):
                notes.append(
                    f"{environment}: no method solved any task of {split}, so the methods cannot "
                    "be told apart there."
                )
            elif not figures and any(row.finished for row in rows):
                notes.append(f"{environment}: no episode of {split} is verified.")
        if not any(figure for row in rows for figure in row.similarity.values()):
            notes.append(f"{environment}: nothing could be compared with the teacher.")
    lacking = sum(row.wanted - row.finished for row in found.rows)
    if lacking:
        failed = sum(len(row.failed) for row in found.rows)
        notes.append(
            f"{lacking} of {sum(row.wanted for row in found.rows)} cells have not finished, "
            f"{failed} of them failed; the figures are of the others."
        )
    return notes
