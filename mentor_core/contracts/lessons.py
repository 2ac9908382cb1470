"""Lessons: the teacher's turns that are imitated beside the episodes of reinforcement.

played groups ─ lessons.taught ─ taught rows ─ weight · negative log-likelihood ─ added to the loss
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Lessons", "Likelihood", "PlayedGroup", "References", "Taught"]


@dataclass(frozen=True, slots=True)
class Taught:
    """An episode whose turns are imitated.

    Attributes:
        trajectory: the episode. If it has a token record, the record holds the ids of the first
            `skip` turns and of their observations.
        skip: number of turns at the start that carry no loss.
        weight: of the row's mean negative log-likelihood a token, relative to the other rows.
    """

    task: Task
    trajectory: Trajectory
    skip: int = 0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PlayedGroup:
    """The episodes of one task in the batch that is trained on.

    Attributes:
        played: episodes with outcomes and token records; lessons see those of this process.
        references: the task's verified references; [] if there are none.
        failed: share of the group's verified episodes that fail, in all processes; 1.0 if none was
            verified. Episodes after a replayed beginning do not count.
        env: the task's environment, for replays; no rollout uses it.
        index: number of the group in its batch.
        step: optimizer steps made.
    """

    task: Task
    index: int
    played: Sequence[Trajectory]
    references: Sequence[Trajectory]
    failed: float
    env: ToolEnv
    step: int


References = Mapping[TaskKey, Sequence[Trajectory]]
Likelihood = Callable[[Taught], float | None]
"""Mean log-probability, in nats, of a row's taught tokens under the student; None if the student's
format cannot hold the row."""


class Lessons(Stateful):
    """Chooses the rows that are imitated beside a batch.

    Taught rows are no episodes: they enter no group, no mean, no figure of success, and no
    importance ratio.
    """

    def start(self, tasks: Mapping[TaskKey, Task], references: References) -> None:
        """Called once before the training and `restore`, with the tasks that have references."""

    def observe(self, outcomes: Mapping[TaskKey, Sequence[float]]) -> None:
        """Called before `taught`, with the same outcomes in every process.

        Args:
            outcomes: each task's outcomes in [0, 1], of verified episodes played alone.
        """

    @abstractmethod
    def taught(self, groups: Sequence[PlayedGroup], likelihood: Likelihood) -> list[Taught]:
        """The rows to imitate beside this process's groups; [] if there is nothing to teach.

        Args:
            groups: the groups of which this process has played episodes.
            likelihood: tells which of several rows the student finds likeliest; costs one forward
                pass.
        """
