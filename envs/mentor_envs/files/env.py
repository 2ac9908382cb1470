"""The files environment: a directory in memory, and ten commands of a shell."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.env import Pending
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call
from mentor_core.tools.tool import Tool
from mentor_envs.answers import read_answer, same_answer
from mentor_envs.calls import play, valid_arguments
from mentor_envs.files.problems import generate
from mentor_envs.files.shell import COMMANDS, Limits, Shell
from mentor_envs.files.tasks_file import read_tasks
from mentor_envs.files.tree import distance, ended, resolve, uniform, unnest
from mentor_envs.generated import GeneratedEnv, read_aliases

__all__ = ["Files"]

_PATHS = {"path", "first", "second", "output", "source", "destination"}


class Files(GeneratedEnv):
    """Chores on a small directory and ten commands of a shell; or tasks of your own.

    The outcome is 1.0 if the final tree is the expected one and the answer, if asked for, is right;
    else 0.0. A task's answer is `{"tree": nested, "text": [accepted, …]}`, with one key or both;
    `metadata["start"]` is the tree that its episode starts with.
    """

    class Options(GeneratedEnv.Options):
        """Sizes and seed are for generated tasks only."""

        partial_credit: bool = Field(
            False,
            description="the share of the differences between start and expected tree that is "
            "gone at the end, instead of 1 or 0",
        )
        max_size: int = Field(
            100_000, ge=1, description="characters of all paths and files of a tree"
        )
        max_entries: int = Field(1000, ge=1, description="files and directories of a tree")
        max_output: int = Field(1000, ge=1, description="characters that one call shows")

    name: ClassVar[str] = "files"
    system_prompt: ClassVar[str] = (
        "Work on the files with the tools, one call at a time. "
        "When all is done, write: Answer: done, or the answer to the question."
    )
    shifts = {
        "length": "three chores, one more than train's most",
        "pairs": "a chore directly after another that train never has there",
        "tools": "eval's tasks, a quarter of the tools renamed and described anew",
    }
    aliases = read_aliases(__package__)
    options: Options
    state: Shell

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(self._bind(command)) for command in COMMANDS.values()]

    def generate(self, split: Split, size: int) -> Sequence[Task]:
        return generate(split, size, self.options.seed)

    def read_tasks(self, path: Path) -> list[Task]:
        """See `mentor_envs.files.tasks_file`."""
        return read_tasks(path, self._limits, self.tools)

    def start(self, task: Task) -> Shell:
        return Shell(unnest(task.metadata.get("start", {}), f"task {task.id!r}"), self._limits)

    def read_answer(self, content: str) -> str | None:
        """See `mentor_envs.answers.read_answer`; a short turn without a mark is the answer."""
        expected = (self.task.answer if self.task else None) or {}
        return read_answer(content, gold=expected.get("text", ""))

    def verify(self) -> float | None:
        """See the class; None if the task expects neither a tree nor an answer."""
        scores = []
        expected = (self.task.answer if self.task else None) or {}
        if "text" in expected:
            scores.append(float(same_answer(self.answer, expected["text"], "text") or False))
        if "tree" in expected:
            scores.append(self._score_tree(expected["tree"]))
        if not scores:
            return None
        return sum(scores) / len(scores) if self.options.partial_credit else min(scores)

    def expert(self, task: Task) -> Expert | None:
        """Plays the task's steps; None if there are none, or more than `max_turns` allows."""
        steps = task.metadata.get("steps")
        if not steps or len(steps) >= self.max_turns:
            return None
        return play(steps, f"Answer: {(task.answer or {}).get('text', ['done'])[0]}")

    def begin(self, action: str) -> Pending:
        """As `ToolEnv.begin`; calls after a `cd` of the same turn have no canonical form.

        Their paths are known only after the `cd` has been carried out.
        """
        pending = super().begin(action)
        moved = False
        for call, _ in pending.jobs.calls:
            if moved:
                call.key = None
            moved = moved or call.name == "cd"
        return pending

    def canonical(self, call: Call) -> str | None:
        """Equal for calls that do the same: `./a` is `a`, and a default equals the value written
        out.

        A destination that is a directory means the file in it. None if the arguments are not the
        tool's.
        """
        shell = self.state or Shell({}, self._limits)
        arguments = valid_arguments(self.tools, call)
        if arguments is None:
            return None
        try:
            for name in _PATHS & arguments.keys():
                if name != "output" or arguments[name]:
                    arguments[name] = "/" + resolve(arguments[name], shell.directory)
        except ValueError:  # no file can have such a path
            return None
        match arguments:
            case {"source": source, "destination": destination} if (
                destination == "/" or shell.tree.get(destination[1:], "") is None
            ):
                arguments["destination"] = f"{destination.rstrip('/')}/{source.rpartition('/')[2]}"
            case {"text": text}:
                arguments["text"] = ended(uniform(text))
        return f"{call.name} {json.dumps(arguments, sort_keys=True)}"

    @property
    def _limits(self) -> Limits:
        options = self.options
        return Limits(options.max_size, options.max_entries, options.max_output)

    def _bind(self, command: Callable[..., str]) -> Callable[..., str]:
        """The command on the shell of the current episode."""

        @wraps(command)
        def bound(**arguments: Any) -> str:
            return command(self.state, **arguments)

        _, *parameters = inspect.signature(command).parameters.values()
        setattr(bound, "__signature__", inspect.Signature(parameters))  # noqa: B010
        return bound

    def _score_tree(self, nested: dict[str, Any]) -> float:
        expected = unnest(nested, "expected")
        wrong = distance(self.state.tree, expected)
        if not wrong or not self.options.partial_credit:
            return float(not wrong)
        at_first = distance(self.start(self.task).tree, expected) if self.task else 0
        return max(0.0, 1 - wrong / at_first) if at_first else 0.0
