"""The run's own figures of a student, from the episodes that the run has kept."""

from __future__ import annotations

from dataclasses import dataclass

from mentor_core.contracts.trajectory import read_trajectories
from mentor_runs.directory.run_directory import RunDirectory
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
        tasks: tasks that both have verified.
        here, there: success of the student in the process and of the served model, in [0, 1].
        difference: there minus here; interval: its 95 % interval over tasks.
        other_turns: number of episodes whose turns differ; episodes: number of all.
        notes: reasons of broken episodes.
    """

    split: str
    server: str
    tasks: int
    here: float
    there: float
    difference: float
    interval: tuple[float, float]
    other_turns: int
    episodes: int
    notes: tuple[str, ...] = ()


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
