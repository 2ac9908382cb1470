"""TaskFileEnv: base of domains whose tasks are the rows of a file, verified by their answers."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from mentor_core.contracts.component import NamesCode
from mentor_core.contracts.domain import Expert
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError, DataError, PluginError
from mentor_core.support.scalars import as_float
from mentor_core.support.user_code import load_object
from mentor_envs.answers import Comparison, is_answer, read_answer, same_answer
from mentor_envs.calls import check_calls, play
from mentor_envs.functions.tasks_file import read_tasks
from mentor_envs.rows import SHIFTS

__all__ = ["TaskFileEnv", "Verifier"]

Verifier = Callable[[Task, str | None, list[Call]], float | bool | None]
"""Decides an outcome from the task, the final answer and all calls of the episode."""


class TaskFileEnv(ToolEnv, ABC):
    """Base of domains that add only their tools.

    `mentor_envs.functions.tasks_file` describes the rows; the expert plays their `calls`. The
    outcome is 1.0 if the answer is the task's, else 0.0; or the result of `verify`.
    """

    class Options(ToolEnv.Options):
        """The file of tasks, and the way to verify an answer."""

        tasks_file: Path = Field(description="rows with a prompt: JSON lines, .gz welcome")
        compare: Comparison = Field(
            "auto", description="how answers are compared; auto: numbers and LaTeX by value"
        )
        verify: Annotated[str, NamesCode()] | Verifier | None = Field(
            None, description="file.py:FUNCTION(task, answer, calls) that decides the outcome"
        )
        system_prompt: str = Field(
            "Use the tools to solve the task. When you know the result, write: Answer: <answer>",
            description="opens every episode; empty: none",
        )
        replayable: bool = Field(
            True, description="false: tools ask a clock or the net, and give something else later"
        )

    shifts = SHIFTS
    options: Options

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        _ = self.verifier  # a wrong one is told at once
        self.system_prompt = self.options.system_prompt  # type: ignore[misc]
        self.replayable = self.options.replayable

    @cached_property
    def verifier(self) -> Verifier | None:
        """The function that decides the outcome; None: the answers are compared.

        Raises:
            ConfigError: the verifier cannot be loaded, or is no function.
        """
        given = self.options.verify
        try:
            verifier = load_object(given) if isinstance(given, str) else given
            if verifier is not None and not callable(verifier):
                raise ConfigError(f"{given} is not a function")
        except ConfigError as error:
            raise ConfigError(f"environment {self.name!r}: option 'verify': {error}") from error
        return verifier

    def load_tasks(self, split: Split) -> list[Task]:
        """The rows of the file that are in the split.

        Raises:
            DataError: the file cannot be read, or a row is broken or does not fit the tools; names
                file and line.
        """
        return [task for task in self._read if task.split == split]

    def read_answer(self, content: str) -> str | None:
        """See `mentor_envs.answers.read_answer`; a turn without a mark is the answer."""
        return read_answer(content, bare=None, gold=self.task.answer if self.task else None)

    def verify(self) -> float | None:
        """The verifier's outcome, or 1.0 for the right answer, 0.0 for another or none.

        None if the task has no answer.

        Raises:
            PluginError: the verifier raised, or returned no outcome.
        """
        if self.task is None:
            return None
        if self.verifier is not None:
            return self._ask(self.verifier, self.task)
        if self.task.answer is None:
            return None
        same = same_answer(self.answer, self.task.answer, self.options.compare)
        return None if same is None else float(same)

    def expert(self, task: Task) -> Expert | None:
        """Plays the task's calls, one a turn; None if there are none, or too many to answer in
        time.
        """
        calls = task.metadata.get("calls")
        if calls is None or len(calls) >= self.max_turns:
            return None
        if not is_answer(task.answer):
            return play(calls, "Done.")
        first = task.answer[0] if isinstance(task.answer, list) else task.answer
        return play(calls, f"Answer: {first}")

    @cached_property
    def _read(self) -> list[Task]:
        """The file's tasks, read once: later changes of the file have no effect."""
        tasks = read_tasks(Path(self.options.tasks_file), self.name)
        for task in tasks:
            self._check(task, task.metadata["where"])
        return tasks

    def _ask(self, verifier: Verifier, task: Task) -> float | None:
        calls = [call for turn in self.turns for call in turn.calls]
        try:
            outcome = verifier(task, self.answer, calls)
        except (Exception, SystemExit) as error:  # a user's code: passed on, with the task's name
            raise PluginError(
                f"{self.name}: verify raised on task {task.id!r}: {type(error).__name__}: {error}"
            ) from error
        if outcome is None:
            return None
        number = as_float(outcome)
        if number is None or not 0.0 <= number <= 1.0:
            raise PluginError(
                f"{self.name}: verify returned {outcome!r} on task {task.id!r}; expected a number "
                "in [0, 1], a bool or None"
            )
        return number

    def _check(self, task: Task, where: str) -> None:
        """Raises DataError if the tools or the comparison cannot handle a row."""
        if self.verifier is None and task.answer is not None and not is_answer(task.answer):
            raise DataError(
                f"{where}: answer: expected a text, a number or a list of them, got "
                f"{task.answer!r}; another kind of answer needs a verify function"
            )
        check_calls(task.metadata.get("calls", ()), self.tools, f"{where}: calls")
