"""Optimistic: tasks whose groups differ, with a bonus for tasks that were seldom played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, sqrt
from typing import Any

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.task import Task
from mentor_plugins.samplers.families import Families

__all__ = ["Optimistic"]


class Optimistic(Families):
    """Chooses the family with the largest s + bonus/√n, again and again.

    s is the standard deviation of the rewards of a family's groups, a moving average: without it
    nothing is learnt from a group. n is the number of groups that were chosen of the family; a
    family that was never chosen comes first. Equal families come in a random order.

    A family that taught nothing once is tried again, as s stays and the bonus of all others falls.
    `prioritised` draws at random, and has a floor for the same purpose.

    Differences from the source: the bonus is for a task or family, and not for a state and action.

    Source: optimism of Actor-Critics Can Achieve Optimal Sample Efficiency (arXiv 2505.03710); the
    bonus 1/√n as in UCB1, Auer et al. (2002), without its logarithm.
    """

    bonus: float = Field(1.0, ge=0, description="weight of 1/√n; 0: no optimism")
    memory: float = Field(0.7, ge=0, lt=1, description="weight of the old deviation, at each group")

    _deviation: dict[str, float] = PrivateAttr(default_factory=dict)

    def choose(self, drawn: int, count: int) -> list[Task]:
        chosen, names = [], list(self._tasks)
        for place in range(drawn, drawn + count):
            order = np.random.default_rng([self._seed, place]).permutation(len(names))
            chosen.append(self._next(max((names[k] for k in order), key=self._score)))
        return chosen

    def _score(self, name: str) -> float:
        count = self._taken.get(name, 0)
        if not count and self.bonus:
            return inf
        return self._deviation.get(name, 0.0) + self.bonus / sqrt(max(count, 1))

    def observe(self, rewards: Mapping[str, Sequence[float]]) -> None:
        for task_id, found in rewards.items():
            name = self._family_of.get(task_id)
            if name is None or len(found) < 2:
                continue
            before = self._deviation.get(name, float(np.std(found)))
            new = self.memory * before + (1 - self.memory) * float(np.std(found))
            self._deviation[name] = new

    def state(self) -> dict[str, Any]:
        return {"deviation": dict(self._deviation), "taken": dict(self._taken)}

    def restore(self, state: dict[str, Any]) -> None:
        self._deviation = dict(state.get("deviation", {}))
        self._taken = dict(state.get("taken", {}))
