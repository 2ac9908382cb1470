"""The calculator environment: word problems with exact answers, and twelve arithmetic tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from mentor_core.env import Expert, ToolEnv
from mentor_core.mathematics import equal_answers
from mentor_core.task import Split, Task
from mentor_core.tool import Tool, ToolError
from mentor_core.trajectory import Call
from mentor_envs.answers import read_answer
from mentor_envs.calculator.chain import play
from mentor_envs.calculator.gsm8k import read_tasks
from mentor_envs.calculator.problems import generate
from mentor_envs.calculator.tools import FUNCTIONS

__all__ = ["Calculator"]


class Calculator(ToolEnv):
    """Generated word problems, or the rows of a file (GSM8K, say).

    The outcome is 1.0 where the answer is mathematically the task's answer, else 0.0; an
    answer that lists several values is wrong (see `mentor_core.mathematics`).
    """

    class Options(ToolEnv.Options):
        """Sizes, steps and seed are those of the generated problems; a file has its own."""

        tasks_file: Path | None = Field(
            None, description="question and answer rows to use: JSON lines, .gz welcome"
        )
        seed: int = Field(0, description="which problems are generated")
        train_size: int = Field(4096, ge=0, description="number of train problems")
        eval_size: int = Field(128, ge=0, description="number of eval problems")
        ood_size: int = Field(64, ge=0, description="number of ood problems")
        min_steps: int = Field(2, ge=1, le=6, description="shortest chain in train and eval")
        max_steps: int = Field(
            3, ge=1, le=6, description="longest chain in train and eval; ood has 1 or 2 more"
        )

        @model_validator(mode="after")
        def _ordered(self) -> Self:
            if self.min_steps > self.max_steps:
                raise ValueError(f"min_steps ({self.min_steps}) > max_steps ({self.max_steps})")
            return self

    name: ClassVar[str] = "calculator"
    system_prompt: ClassVar[str] = (
        "Solve the problem with the tools, one call at a time. "
        "When you know the result, write: Answer: <number>"
    )
    parallel_calls: ClassVar[bool] = True
    options: Options

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(function) for function in FUNCTIONS.values()]

    def load_tasks(self, split: Split) -> list[Task]:
        """The generated problems of the split, or the rows of the file that are in it.

        Raises:
            DataError: the file cannot be read, or a row of it is broken.
        """
        options = self.options
        if options.tasks_file is not None:
            return [task for task in read_tasks(options.tasks_file) if task.split == split]
        steps = (options.min_steps, options.max_steps)
        if split == "ood":
            steps = (options.max_steps + 1, options.max_steps + 2)
        size = {"train": options.train_size, "eval": options.eval_size, "ood": options.ood_size}
        return list(generate(split, size[split], steps, options.seed))

    def read_answer(self, content: str) -> str | None:
        r"""What follows the last `Answer:`, or stands in the last `\boxed{…}` of it.

        A short turn with neither is the answer itself.
        """
        return read_answer(content)

    def verify(self) -> float | None:
        """1.0 for the right answer, 0.0 for another or none; None where the task has no answer."""
        gold = None if self.task is None or self.task.answer is None else str(self.task.answer)
        equal = equal_answers(self.answer, gold)
        return None if equal is None else float(equal)

    def expert(self, task: Task) -> Expert | None:
        """Plays the task's reference; None where it has none, or one that exceeds `max_turns`."""
        steps = task.metadata.get("steps")
        return play(steps) if steps and len(steps) < self.max_turns else None

    def canonical(self, call: Call) -> str | None:
        """Equal for calls that must give the same result.

        The order of terms and factors does not matter, `sum_numbers` of two is `add`, 2 is 2.0
        and a default is as good as written. None where the arguments are not the tool's.
        """
        try:
            arguments = self.tools[call.name].validate(call.arguments)
        except (KeyError, ToolError):
            return None
        match call.name, arguments:
            case ("add" | "multiply") as name, {"a": a, "b": b}:
                values: Any = sorted((a, b))
            case "sum_numbers" as name, {"numbers": numbers}:
                name, values = "add", sorted(numbers)
            case name, values:
                pass
        try:
            return f"{name} {json.dumps(_plain(values), sort_keys=True)}"
        except OverflowError:  # a whole number that no float can be
            return None


def _plain(value: Any) -> Any:
    """The same with all numbers as floats, and no negative zero."""
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return float(value) + 0.0
