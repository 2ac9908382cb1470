"""Episode: the turns played in an environment, their results, and Python code of both."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task

__all__ = ["Episode", "Maker", "difference", "play", "quote", "replay"]

_RUN = re.compile(r"(.{1,8}?)\1{40,}", re.DOTALL)
_WIDTH = 200


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes instances of the environment under inspection.

    Attributes:
        factory: a subclass of `ToolEnv`, or a function that makes one.
        options: its arguments.
    """

    factory: Callable[..., ToolEnv]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> ToolEnv:
        return self.factory(**self.options)

    def __str__(self) -> str:
        name = getattr(self.factory, "__qualname__", repr(self.factory))
        module = getattr(self.factory, "__module__", "__main__")
        options = ", ".join(f"{key}={value!r}" for key, value in self.options.items())
        return f"from {module} import {name}\nenv = {name}({options})"


@dataclass(frozen=True, slots=True)
class Episode:
    """A recorded episode.

    Attributes:
        make: makes the environment.
        seed: seed of `reset`.
        task: the task; None: the environment chooses one.
        turns: the assistant's turns.
    """

    make: Maker
    seed: int
    task: Task | None = None
    turns: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any] | None:
        """The options of `reset`."""
        return None if self.task is None else {"task": self.task}

    def __str__(self) -> str:
        lines = [str(self.make), *self.opening()]
        return "\n".join([*lines, *(f"env.step({quote(turn)})" for turn in self.turns)])

    def opening(self, env: str = "env") -> list[str]:
        """The lines of Python that start the episode in the environment of that name."""
        if self.task is None:
            return [f"{env}.reset(seed={self.seed})"]
        prompt = textwrap.shorten(self.task.prompt, _WIDTH, placeholder=" …")
        found = f"next(t for t in {env}.tasks({self.task.split!r}) if t.id == {self.task.id!r})"
        reset = f'{env}.reset(seed={self.seed}, options={{"task": {found}}})'
        return [f"# {prompt}", reset]


def play(env: ToolEnv, episode: Episode) -> Iterator[str]:
    """Play an episode, up to the end that the environment sets.

    Yields:
        The result of the reset and of each turn, as JSON; equal results give equal JSON.
    """
    messages, info = env.reset(seed=episode.seed, options=episode.options)
    opening = {"messages": messages, "tools": info["tools"], "task": info["task_id"]}
    yield _written(opening)
    for turn in episode.turns:
        if env.end is not None:
            return
        yield replay(env, turn)


def replay(env: ToolEnv, turn: str) -> str:
    """Play one turn; returns its result as `play` yields it."""
    messages, reward, terminated, truncated, info = env.step(turn)
    seen = {"messages": messages, "reward": reward, "terminated": terminated}
    seen |= {"truncated": truncated, **{key: info[key] for key in ("end", "answer", "outcome")}}
    return _written(seen)


def _written(seen: Mapping[str, Any]) -> str:
    return json.dumps(seen, default=repr, ensure_ascii=False)


def difference(expected: list[str], found: list[str]) -> str | None:
    """The first difference between two lists of results; None if there is none."""
    for number, (before, after) in enumerate(zip(expected, found, strict=False)):
        if before == after:
            continue
        first, second = json.loads(before), json.loads(after)
        for key in first:
            if first[key] != second[key]:
                where = "the opening" if number == 0 else f"turn {number}"
                return f"{key} of {where}: {_contrast(first[key], second[key])}"
    if len(expected) != len(found):
        return f"it has {len(found) - 1} turns and not {len(expected) - 1}"
    return None


def _contrast(before: Any, after: Any) -> str:
    """Both values as text, from a little before their first difference."""
    first, second = (json.dumps(value, ensure_ascii=False) for value in (before, after))
    same = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    start = max(same - 30, 0)
    shown = (text[start : start + _WIDTH] for text in (second, first))
    return " instead of ".join(f"{'…' if start else ''}{text}" for text in shown)


def quote(text: str) -> str:
    """A Python expression for a text; repetitions in the text are written shortly."""
    parts, last = [], 0
    for match in _RUN.finditer(text):
        if match.start() > last:
            parts.append(repr(text[last : match.start()]))
        unit = match[1]
        parts.append(f"{unit!r} * {len(match[0]) // len(unit)}")
        last = match.end()
    if last < len(text) or not parts:
        parts.append(repr(text[last:]))
    return " + ".join(parts)
