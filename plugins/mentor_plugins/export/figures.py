"""The run's own figures of a student, from the episodes that the run has kept."""

from __future__ import annotations

from dataclasses import dataclass

from mentor_core.contracts.trajectory import read_trajectories
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.evaluation.paired import Paired
from mentor_runs.evaluation.summary import Summary, summarise

__all__ = ["Figure", "Served", "figures_of"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One evaluation of a split.

    Attributes:
        when: before, warm, after, or the checkpoint.
        summary: None if the run has no episodes of it.
    """

    split: str
    when: str
    summary: Summary | None


@dataclass(frozen=True, slots=True)
class Served:
    """A split played through the exported model's server, beside the student in the process.

    Attributes:
        server: name of the server program.
        paired: the served model against the student in the process; None if no episode is
            verified.
        differing: number of episodes with other calls or another answer; episodes: number of all.
        broken: number of the server's episodes that broke.
    """

    split: str
    server: str
    paired: Paired | None
    differing: int
    episodes: int
    broken: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the difference, in [-1, 1].

        A bootstrap of tasks that all agree has no width. Then the interval is Clopper and Pearson's
        bound on the share of tasks that could differ (Biometrika 26, 1934).
        """
        if self.paired is None:
            return -1.0, 1.0
        if self.paired.won or self.paired.lost:
            return self.paired.interval
        most = 1 - 0.025 ** (1 / self.paired.tasks)
        return -most, most

    @property
    def told(self) -> str:
        """The figures as a line."""
        counts = f"{self.differing} of {self.episodes} episodes with other calls or answer"
        counts += f", {self.broken} broken" if self.broken else ""
        if self.paired is None:
            return f"no task is verified by both; {counts}"
        here, there = self.paired.success
        low, high = (100 * end for end in self.interval)
        return (
            f"success {here:.1%} in the process, {there:.1%} through the server; difference "
            f"{100 * self.paired.difference:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}, "
            f"{self.paired.tasks} tasks; {counts}"
        )


def figures_of(run: RunDirectory, checkpoint: int | None) -> list[Figure]:
    """Figures of the untrained and of the exported student; an absent one has no summary.

    Figures of the trained student are not those of a checkpoint, and are left out for it.

    Raises:
        DataError: a file of episodes cannot be read.
    """
    config = run.config
    times = ["before", *(["warm"] if config.warm else []), "after"]
    if checkpoint is not None:
        times = ["before", f"checkpoint {checkpoint}"]
    found = []
    for split in dict.fromkeys(config.evaluate.splits):
        for when in times:
            file = run.trajectories(f"{split}-{when}")
            played = read_trajectories(file) if file.is_file() else []
            found.append(Figure(split, when, summarise(played) if played else None))
    return found
