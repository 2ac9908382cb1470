"""Mixture: the share of the training that each environment of a run gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import PrivateAttr

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.sampler import TaskSampler
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.support.errors import PluginError

__all__ = ["Mixture"]


class Mixture(Stateful):
    """Chooses the tasks of all environments; each environment has a sampler of its own.

    The groups of a run are an endless row. Each place goes to the environment that is furthest
    behind its share of the places so far; the first one wins ties. The row depends on the weights
    alone. A sampler's choices depend on its own places in the row, so that a resumed run continues
    the same row.
    """

    weights: dict[str, float]
    samplers: dict[str, TaskSampler]

    _row: list[str] = PrivateAttr(default_factory=list)

    def start(self, tasks: Sequence[Task], seed: int) -> None:
        """Called once, before the first `choose`.

        Args:
            tasks: tasks of all environments; each sampler gets its own environment's.
            seed: seed of every sampler.

        Raises:
            ConfigError: an environment has no task.
        """
        for name, sampler in self.samplers.items():
            sampler.start([task for task in tasks if task.env == name], seed)

    def choose(self, drawn: int, count: int) -> list[Task]:
        """The next `count` tasks, one a group, after `drawn` earlier ones.

        Raises:
            PluginError: a sampler chose another number of tasks than requested.
        """
        self._lengthen(drawn + count)
        before, places = Counter(self._row[:drawn]), self._row[drawn : drawn + count]
        chosen = {}
        for name, wanted in Counter(places).items():
            tasks = self.samplers[name].choose(before[name], wanted)
            if len(tasks) != wanted:
                raise PluginError(
                    f"{type(self.samplers[name]).__name__} chose {len(tasks)} tasks of "
                    f"{name!r}; it was asked for {wanted}"
                )
            chosen[name] = iter(tasks)
        return [next(chosen[name]) for name in places]

    def reach(
        self, name: str, tasks: Sequence[Task], seed: int, count: int
    ) -> Sequence[Task] | None:
        """The tasks of an environment that the run's first `count` choices can be; None: any.

        Args:
            name: the environment's name; its sampler is started with these tasks.
        """
        self._lengthen(count)
        self.samplers[name].start(tasks, seed)
        return self.samplers[name].reach(self._row[:count].count(name))

    def observe(self, rewards: Mapping[TaskKey, Sequence[float]]) -> None:
        """Called after each step: task → the rewards of its scored trajectories."""
        for name, sampler in self.samplers.items():
            own = {task_id: seen for (env, task_id), seen in rewards.items() if env == name}
            if own:
                sampler.observe(own)

    def state(self) -> dict[str, Any]:
        return {name: sampler.state() for name, sampler in self.samplers.items()}

    def restore(self, state: dict[str, Any]) -> None:
        for name, sampler in self.samplers.items():
            sampler.restore(state.get(name, {}))

    def _lengthen(self, length: int) -> None:
        total = sum(self.weights.values())
        taken = Counter(self._row)
        for place in range(len(self._row) + 1, length + 1):
            name = max(self.weights, key=lambda n: self.weights[n] * place - total * taken[n])
            taken[name] += 1
            self._row.append(name)
