"""The teacher's episodes of a study's evaluated tasks, to measure similarity with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rich.console import Console

from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import MentorError
from mentor_runs.assembly.parts import Parts
from mentor_runs.assembly.references import find_references
from mentor_runs.directory.run_directory import RunDirectory
from mentor_toolkit.disk import writing
from mentor_toolkit.progress_bar import watched

__all__ = ["write_teacher"]


def write_teacher(parts: Parts, file: Path, console: Console) -> list[str]:
    """Write the verified references of all evaluated tasks, by the run's own source.

    Returns:
        The source's notes, or the reason why there are no references.
    """
    found: list[Trajectory] = []
    notes: list[str] = []
    for domain in parts.domains.values():
        tasks = {
            task.key: task
            for split in parts.config.evaluate.splits
            for task in domain.tasks(split)[: parts.config.evaluate.tasks]
        }
        watch = partial(watched, console, f"teacher of {domain.name}")
        try:
            with watch([*tasks.values()]) as shown:
                references = find_references(parts.source, shown, domain.env)
        except MentorError as error:
            notes.append(f"no references of the evaluated tasks: {error}")
            continue
        notes += references.notes()
        found += [trajectory for several in references.of.values() for trajectory in several]
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    RunDirectory(file.parent).write(file, found)
    return notes
