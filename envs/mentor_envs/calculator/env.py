"""The calculator environment: word problems with exact answers, and twelve arithmetic tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call
from mentor_core.tools.tool import Tool
from mentor_envs.answers import same_answer
from mentor_envs.calculator.chain import play
from mentor_envs.calculator.gsm8k import read_tasks
from mentor_envs.calculator.problems import Shift, generate
from mentor_envs.calculator.tools import FUNCTIONS
from mentor_envs.calls import valid_arguments
from mentor_envs.generated import GeneratedEnv, read_aliases

__all__ = ["Calculator"]


class Calculator(GeneratedEnv):
    """Word problems and twelve arithmetic tools; files in the form of GSM8K's load, too.

    The outcome is 1.0 if the answer is mathematically the task's answer, else 0.0. An answer that
    lists several values is wrong (see `mentor_envs.mathematics`).
    """

    class Options(GeneratedEnv.Options):
        """Sizes, steps and seed are for generated problems only."""

        min_steps: int = Field(2, ge=1, le=6, description="shortest chain in train and eval")
        max_steps: int = Field(3, ge=1, le=6, description="longest chain in train and eval")
        shifts: list[Shift] | None = Field(
            None,
            min_length=1,
            description="ood tasks that differ in all of these ways at once, and further than the "
            "splits of these names, which this option removes; length is 1 or 2 calls more",
        )

        @model_validator(mode="after")
        def _ordered(self) -> Self:
            if self.min_steps > self.max_steps:
                raise ValueError(f"min_steps ({self.min_steps}) > max_steps ({self.max_steps})")
            return self

    name: ClassVar[str] = "calculator"
    shifts = {
        "phrasing": "sentences that train never uses",
        "numbers": "larger numbers than those of train",
        "length": "one call more than train's longest, in as many sentences",
        "tools": "eval's tasks, a quarter of the tools renamed and described anew",
    }
    aliases = read_aliases(__package__)
    system_prompt: ClassVar[str] = (
        "Solve the problem with the tools, one call at a time. "
        "When you know the result, write: Answer: <number>"
    )
    parallel_calls: ClassVar[bool] = True
    options: Options

    def __init__(self, **arguments: Any) -> None:
        if arguments.get("shifts") is not None:
            self.shifts = {}
        super().__init__(**arguments)

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(function) for function in FUNCTIONS.values()]

    def generate(self, split: Split, size: int) -> Sequence[Task]:
        """See `mentor_envs.calculator.problems`."""
        shortest, longest = self.options.min_steps, self.options.max_steps
        shifts = tuple(self.options.shifts or ())
        if split == "length":
            shortest = longest = longest + 1
        elif split == "ood" and "length" in shifts:
            shortest, longest = longest + 1, longest + 2
        return generate(split, size, (shortest, longest), self.options.seed, shifts)

    def read_tasks(self, path: Path) -> list[Task]:
        """See `mentor_envs.calculator.gsm8k`."""
        return read_tasks(path)

    def verify(self) -> float | None:
        """1.0 for the right answer, 0.0 for another or none; None if the task has no answer."""
        if self.task is None or self.task.answer is None:
            return None
        same = same_answer(self.answer, str(self.task.answer), "mathematics")
        return None if same is None else float(same)

    def expert(self, task: Task) -> Expert | None:
        """Plays the task's reference; None if there is none, or if it exceeds `max_turns`."""
        steps = task.metadata.get("steps")
        return play(steps) if steps and len(steps) < self.max_turns else None

    def canonical(self, call: Call) -> str | None:
        """Equal for calls that must give the same result.

        The order of terms and factors does not matter. `sum_numbers` of two is `add`, 2 is 2.0, and
        a default equals the same value written out. None if the arguments are not the tool's.
        """
        arguments = valid_arguments(self.tools, call)
        if arguments is None:
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
    """The value with all numbers as floats, and no negative zero."""
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return float(value) + 0.0
