"""Mixture: several environments in one run, and the share of the training that each gets.

A mixture is written `calculator,webshop=0.5`. Weights are relative to each other, and 1 by default:
here two of three tasks are the calculator's.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import PrivateAttr

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.sampler import TaskSampler
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.support.errors import ConfigError, PluginError, nearest

__all__ = [
    "Mixture",
    "carry_options",
    "format_mixture",
    "parse_mixture",
    "split_options",
    "split_weight",
]


def parse_mixture(text: str) -> dict[str, float]:
    """Environment → its weight, in the order given.

    Raises:
        ValueError: a name is empty or given twice, or a weight is not a finite number above 0.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, written = split_weight(part)
        if not name:
            raise ValueError("a name is empty; expected NAME or NAME=WEIGHT, separated by commas")
        if name in weights:
            raise ValueError(f"{name!r} is given twice; expected each environment once")
        try:
            weight = float(written) if equals else 1.0
        except ValueError:
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            raise ValueError(
                f"the weight of {name!r} is {written!r}; expected a finite number above 0"
            )
        weights[name] = weight
    return weights


def split_weight(part: str) -> tuple[str, str, str]:
    """Name, `=` and weight of `NAME=WEIGHT`; a NAME that is a class's path may contain `=`."""
    place, colon, rest = part.rpartition(":")
    name, equals, weight = rest.partition("=")
    return f"{place}{colon}{name}".strip(), equals, weight.strip()


def format_mixture(weights: Mapping[str, float]) -> str:
    """A mixture's canonical text; `parse_mixture` of the text gives the same shares."""
    if len(weights) == 1:
        return next(iter(weights))
    return ",".join(
        name if weight == 1 else f"{name}={repr(weight).removesuffix('.0')}"
        for name, weight in weights.items()
    )


def split_options(
    environments: Iterable[str], options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Environment → its options: all options for a single one, else the options under its name.

    Raises:
        ConfigError: there are several environments, and an option is under none of their names.
    """
    known = list(environments)
    if len(known) == 1:
        return {known[0]: dict(options)}
    for key, value in options.items():
        if key in known:
            if not isinstance(value, Mapping):
                raise ConfigError(
                    f"env_options.{key}: expected a table of options of {key!r}, not {value!r}"
                )
        elif isinstance(value, Mapping):
            raise ConfigError(
                f"env_options.{key}: {key!r} is not an environment of this run{nearest(key, known)}"
            )
        else:
            raise ConfigError(
                f"env_options.{key}: this run has several environments; write "
                f"env_options.NAME.{key}, with NAME one of {', '.join(known)}"
            )
    return {name: dict(options.get(name, {})) for name in known}


def carry_options(old: str, new: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a mixture's environments for another mixture.

    Options of remaining environments are kept, directly or under the name, as `new` needs. All
    other options are dropped.

    Raises:
        ValueError, ConfigError: as `parse_mixture` and `split_options`.
    """
    if old == new:
        return dict(options)
    known = split_options(parse_mixture(old), options)
    names = list(parse_mixture(new))
    if len(names) == 1:
        return known.get(names[0], {})
    return {name: known[name] for name in names if known.get(name)}


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
