"""Prioritised: mostly tasks whose groups have different rewards, as only these teach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.task import Task
from mentor_plugins.samplers.families import Families

__all__ = ["Prioritised"]


class Prioritised(Families):
    """Draws families of tasks in proportion to their size and to the variance of their rewards.

    A group whose rewards are equal has no advantage, so nothing is learnt from its episodes. The
    variance of a family is a moving average over its groups. The variance of a family that was
    never played is `unseen`. A share of `floor` of the draws goes to all tasks alike. So no task is
    forgotten, and a family that has become learnable is found. Within a family the tasks come in
    turn.

    With `family` empty, each task is its own family, which suits few tasks that come often. For
    many tasks, `family` names a key of their metadata: `n_steps` makes a curriculum of lengths.

    Source: learnability as in arXiv 2502.12272, section 3: p·(1 − p) is the variance of an outcome
    of 0 or 1. Prioritised Level Replay (arXiv 2010.03934), section 2, mixes with a second share.
    """

    floor: float = Field(0.3, gt=0, le=1, description="share of draws that ignores the variance")
    memory: float = Field(0.7, ge=0, lt=1, description="weight of the old variance, at each group")
    unseen: float = Field(0.25, gt=0, description="variance of a family that was never played")

    _variance: dict[str, float] = PrivateAttr(default_factory=dict)

    def choose(self, drawn: int, count: int) -> list[Task]:
        names = list(self._tasks)
        sizes = np.array([len(self._tasks[name]) for name in names], dtype=np.float64)
        known = np.array([self._variance.get(name, self.unseen) for name in names])
        wanted = sizes * known
        shares = self.floor * sizes / sizes.sum()
        shares += (
            (1 - self.floor) * (wanted if wanted.sum() else sizes) / (wanted.sum() or sizes.sum())
        )
        chosen = []
        for place in range(drawn, drawn + count):
            draw = np.random.default_rng([self._seed, place])
            name = names[int(draw.choice(len(names), p=shares / shares.sum()))]
            chosen.append(self._next(name))
        return chosen

    def observe(self, rewards: Mapping[str, Sequence[float]]) -> None:
        for task_id, found in rewards.items():
            name = self._family_of.get(task_id)
            if name is None or len(found) < 2:
                continue
            before = self._variance.get(name, self.unseen)
            self._variance[name] = self.memory * before + (1 - self.memory) * float(np.var(found))

    def state(self) -> dict[str, Any]:
        return {"variance": dict(self._variance), "taken": dict(self._taken)}

    def restore(self, state: dict[str, Any]) -> None:
        self._variance = dict(state.get("variance", {}))
        self._taken = dict(state.get("taken", {}))
