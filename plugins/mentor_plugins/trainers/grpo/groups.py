"""The groups of a batch, as lessons and objectives see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_runs.training import Training

__all__ = ["failures_of", "played_groups"]


def failures_of(outcomes: Iterable[tuple[int, float | None]]) -> dict[int, list[bool]]:
    """Index of a group → whether each of its verified episodes has failed.

    Args:
        outcomes: group and outcome of episodes that were played alone.
    """
    failures: dict[int, list[bool]] = {}
    for group, outcome in outcomes:
        if outcome is not None:
            failures.setdefault(group, []).append(outcome < 1.0)
    return failures


def played_groups(
    training: Training,
    tasks: Sequence[Task],
    played: Sequence[Trajectory],
    failures: Mapping[int, Sequence[bool]],
    step: int,
) -> list[PlayedGroup]:
    """The groups of some episodes of a batch.

    Args:
        tasks: of the episodes, one each.
        failures: of all processes.
        step: optimizer steps made.
    """
    own: dict[int, list[Trajectory]] = {}
    of: dict[int, Task] = {}
    for task, trajectory in zip(tasks, played, strict=True):
        index = trajectory.group or 0
        own.setdefault(index, []).append(trajectory)
        of[index] = task
    groups = []
    for index, trajectories in own.items():
        task, failed = of[index], failures.get(index, [True])
        env = training.parts.domains[task.env].env
        share = sum(failed) / len(failed)
        references = training.references.get(task)
        groups.append(PlayedGroup(task, index, trajectories, references, share, env, step))
    return groups
