"""From scores to a loss: one part of each kind between the rollout and the optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import PrivateAttr

from mentor_core import (
    Composed,
    Composer,
    Credit,
    Critic,
    Example,
    Floats,
    Group,
    Judged,
    Layout,
    Lessons,
    MicroBatch,
    Objective,
    Plan,
    PlayedGroup,
    Scores,
    Start,
    Task,
    TaskKey,
    TaskSampler,
    Taught,
    Worth,
)


class InTurn(TaskSampler):
    """The tasks in their own order, again and again."""

    _tasks: list[Task] = PrivateAttr(default_factory=list)

    def start(self, tasks: Sequence[Task], seed: int) -> None:
        self._tasks = list(tasks)

    def choose(self, drawn: int, count: int) -> list[Task]:
        return [self._tasks[n % len(self._tasks)] for n in range(drawn, drawn + count)]


class Again(Plan):
    """A batch's first group plays the task that did worst in the batch before."""

    _tasks: Mapping[TaskKey, Task] = PrivateAttr(default_factory=dict)
    _worst: TaskKey | None = PrivateAttr(default=None)

    def start(self, tasks: Mapping[TaskKey, Task]) -> None:
        self._tasks = tasks

    def starts(self, group: Group) -> list[Start]:
        if group.index or self._worst is None:
            return group.starts()
        task = self._tasks[self._worst]
        return [Start(task, seed, group.index) for seed in group.seeds]

    def observe(self, outcomes: Mapping[TaskKey, Sequence[float]]) -> None:
        self._worst = min(outcomes, key=lambda task: (sum(outcomes[task]), task), default=None)

    def state(self) -> dict[str, Any]:
        return {"worst": self._worst}

    def restore(self, state: dict[str, Any]) -> None:
        self._worst = tuple(state["worst"]) if state.get("worst") else None


class Lowest(Composer):
    """The lowest score of the terms; NaN if a term has none."""

    def compose(self, scores: Scores, training_progress: float) -> Composed:
        return Composed(scores.values_BK.min(1))


class Mean(Critic):
    """The mean reward so far, for every state but the last."""

    _seen: list[float] = PrivateAttr(default_factory=list)

    def note(self, example: Example) -> int:
        return len(example.trajectory.turns)

    def values(self, notes: Sequence[int]) -> list[Floats] | None:
        if not self._seen:
            return None
        return [np.array([*[np.mean(self._seen)] * turns, 0.0]) for turns in notes]

    def learn(self, notes: Sequence[int], judged: Judged) -> Mapping[str, float | None]:
        self._seen += judged.composed.rewards_B.tolist()
        return {"mean": float(np.mean(self._seen))}

    def state(self) -> dict[str, Any]:
        return {"seen": self._seen}

    def restore(self, state: dict[str, Any]) -> None:
        self._seen = list(state.get("seen", []))


class Centred(Credit):
    """The reward minus the value of the first state, at every token; without values the reward."""

    needs_values: ClassVar[Worth | None] = "reward"

    def assign(
        self, composed: Composed, groups_B: np.ndarray, layouts: Sequence[Layout]
    ) -> list[Floats]:
        values = composed.values_N or [np.zeros(1)] * len(layouts)
        return [
            np.full(layout.length, np.nan_to_num(reward - value_N[0]))
            for layout, reward, value_N in zip(layouts, composed.rewards_B, values, strict=True)
        ]


class Plain(Objective):
    """−A·log π for each token: REINFORCE."""

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        return -batch.advantages_BT * batch.logps_BT, {"logp": batch.logps_BT.detach()}


class First(Lessons):
    """The first reference of each group, however the group did."""

    def taught(self, groups: Sequence[PlayedGroup], likelihood: Any) -> list[Taught]:
        return [Taught(group.task, group.references[0]) for group in groups if group.references]
