"""Bench: the environment under inspection, with its tasks and the episodes to play in it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import SPLITS, Split, Task
from mentor_core.contracts.trajectory import Call
from mentor_lab.environments.arguments import Filler
from mentor_lab.environments.episode import Episode, Maker, play
from mentor_lab.verdict import Problem
from mentor_toolkit.scripts import play_expert

__all__ = ["Bench", "Check"]

_PLAYED = 4
_PROBES = 12


@dataclass(eq=False)
class Bench:
    """The environment under inspection, and the settings of the checks.

    Attributes:
        make: makes instances of the environment.
        registered: the environment's registered name; None: the name in the class.
        seed: seed of everything random.
        most_tasks: most eval tasks to check; None: all.
        examples: number of adversarial episodes to search.
    """

    make: Maker
    registered: str | None = None
    seed: int = 0
    most_tasks: int | None = None
    examples: int = 200

    @contextmanager
    def env(self) -> Iterator[ToolEnv]:
        """A fresh instance, closed at the end."""
        env = self.make()
        try:
            yield env
        finally:
            env.close()

    @cached_property
    def name(self) -> str:
        """The environment's name, which its tasks must carry."""
        with self.env() as env:
            return self.registered or env.name

    @cached_property
    def tasks(self) -> dict[Split, list[Task]]:
        """Split → its tasks."""
        with self.env() as env:
            return {split: list(env.tasks(split)) for split in env.splits}

    @property
    def shifts(self) -> list[Split]:
        """The splits besides those of every environment."""
        return [split for split in self.tasks if split not in SPLITS]

    @property
    def eval_tasks(self) -> list[Task]:
        """The eval tasks to check."""
        return self.tasks["eval"][: self.most_tasks]

    def some_tasks(self, count: int) -> list[Task]:
        """Tasks spread over the splits; eval tasks come first."""
        splits: list[Sequence[Task]] = [self.eval_tasks, self.tasks["ood"], self.tasks["train"]]
        found: list[Task] = []
        for tasks in splits:
            left = count - len(found)
            stride = max(len(tasks) // left, 1) if left else 1
            found += tasks[::stride][:left]
        return found

    def episode(self, task: Task | None, turns: Iterable[str] = ()) -> Episode:
        """An episode of this bench."""
        return Episode(self.make, self.seed, task, tuple(turns))

    @cached_property
    def scripts(self) -> list[Episode]:
        """Episodes that act: the expert's, and plausible calls."""
        found = []
        with self.env() as env:
            for task in self.some_tasks(_PLAYED):
                if (expert := self._expert(env, task)) is not None:
                    found.append(expert)
                found.append(self._probe(env, task))
        return found

    def _expert(self, env: ToolEnv, task: Task) -> Episode | None:
        try:
            played = play_expert(env, task, self.seed)
        except Exception:  # noqa: BLE001 - what the expert does is a property of its own
            return None
        return None if played is None else self.episode(task, (t.text for t in played.turns))

    def _probe(self, env: ToolEnv, task: Task) -> Episode:
        """A call of each tool, with words and numbers of the prompt, until the episode ends."""
        env.reset(seed=self.seed, options={"task": task})
        words = re.findall(r"\w+", task.prompt) or ["word"]
        numbers = [float(number) for number in re.findall(r"\d{1,9}", task.prompt)] or [1.0]
        filler = Filler(random.Random(self.seed), words, numbers)
        tools = list(env.offered.values())
        turns = [
            env.parser.render("", [Call(tool.name, filler.arguments(tool.parameters))])
            for tool in tools[:_PROBES]
        ]
        episode = self.episode(task, turns)
        return self.episode(task, turns[: len(list(play(env, episode))) - 1])


@dataclass(frozen=True, slots=True)
class Check:
    """A promise of environments, and its check.

    Attributes:
        check: as in `verdict.Property`; any other exception leaves the promise untested.
        samples: makes the samples to check; by default a single None.
        compares: true if the check compares episodes, which needs the same episode from the same
            seed.
    """

    name: str
    promise: str
    check: Callable[[Bench, Any], Problem | None]
    samples: Callable[[Bench], Iterable[Any]] = lambda _: (None,)
    compares: bool = False
