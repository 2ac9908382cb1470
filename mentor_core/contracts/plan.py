"""Plan: the episodes of a batch, fresh ones or episodes that begin with replayed turns.

sampler.choose ─ plan.starts ─ rollout ─ reward ─ credit ─ loss
↑                      │
└──── plan.observe ────┘
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.rows import RowKind
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory, Turn

__all__ = ["Group", "Plan", "Start"]


@dataclass(frozen=True, slots=True)
class Start:
    """An episode to play: its task, its seed, and the group it belongs to.

    Attributes:
        prefix: an episode on the task whose first turns are replayed, not generated.
        turns: number of replayed turns; None: all.
    """

    task: Task
    seed: int
    group: int = 0
    prefix: Trajectory | None = None
    turns: int | None = None

    @property
    def given(self) -> list[Turn]:
        """The turns that are replayed."""
        return self.prefix.turns[: self.turns] if self.prefix is not None else []


@dataclass(frozen=True, slots=True)
class Group:
    """Episodes of one task whose rewards are compared with each other.

    Attributes:
        index: number of the group in its batch.
        seeds: one an episode.
        references: the task's verified references; [] if there are none.
    """

    task: Task
    index: int
    seeds: Sequence[int]
    references: Sequence[Trajectory] = ()

    def starts(self, prefix: Trajectory | None = None, turns: int | None = None) -> list[Start]:
        """The group's episodes, all from the same state, as only then their rewards compare."""
        return [Start(self.task, seed, self.index, prefix, turns) for seed in self.seeds]


class Plan(Stateful):
    """Decides the beginnings of each group's episodes.

    Results must depend on the arguments and on the calls of `hear` and `observe` alone. Several
    processes call with the same arguments, and each plays its own share.

    Attributes:
        gives: kinds of the rows. With "continued" among them, episodes may begin with replayed
            turns, which a policy must support.
        hears: true if `hear` wants the episodes; they are gathered from all processes.
    """

    gives: ClassVar[frozenset[RowKind]] = frozenset({"sampled"})
    hears: ClassVar[bool] = False

    def start(self, tasks: Mapping[TaskKey, Task]) -> None:
        """Called once before the training, and before `restore`, with the run's tasks."""

    @abstractmethod
    def starts(self, group: Group) -> list[Start]:
        """The episodes of one group, one a seed, all of one task and from the same state.

        `Group.starts` makes them.
        """

    def hear(self, played: Sequence[Trajectory]) -> None:
        """Called after each batch, before `observe`, with all its episodes, if the plan `hears`."""

    def observe(self, outcomes: Mapping[TaskKey, Sequence[float]]) -> None:
        """Called after each batch with the verified outcomes of each of its tasks.

        Args:
            outcomes: in [0, 1]; a task without a verified episode has [].
        """
