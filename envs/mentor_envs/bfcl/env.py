"""The BFCL environment: questions of the leaderboard's files, or mentor's own in their form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call, Message
from mentor_core.support.errors import DataError, PluginError, nearest
from mentor_core.tools.tool import Tool, ToolError
from mentor_envs.bfcl import embedded
from mentor_envs.bfcl.dialogue import Dialogue
from mentor_envs.bfcl.files import MULTI_TURN, SINGLE_TURN, UNSUPPORTED, make_task, read_category
from mentor_envs.bfcl.schemas import json_schema
from mentor_envs.bfcl.simulation import class_files, installed_data, more_functions
from mentor_envs.generated import read_aliases
from mentor_toolkit.call_check import Verdict, check_calls, example_arguments

__all__ = ["Bfcl"]

_INSTALLED = "installed"

_QUESTION_PROMPT = (
    "Answer the user by calling the tools, with all calls in one turn. "
    "If no tool fits, or a value that a tool needs is missing, call none and say so."
)
_DIALOGUE_PROMPT = (
    "Carry out what the user asks by calling the tools. When it is done, or cannot be done, "
    "reply without calling a tool; the user will then go on."
)


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Categories = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Bfcl(ToolEnv):
    """Requests, each with its own functions, by BFCL's rules; the leaderboard's files load.

    Single-turn requests are over with the first turn. Their outcome is 1.0 if the calls are right
    by BFCL's rules (see `mentor_toolkit.call_check`), else 0.0. Multi-turn requests are simulated.
    Their outcome is 1.0 if state and results are right after each of the user's turns (see
    `mentor_envs.bfcl.simulation`), else 0.0.
    """

    class Options(ToolEnv.Options):
        """Without `data`, the questions are generated ones in the same form."""

        data: Literal["installed"] | Path | None = Field(
            None,
            description="folder of BFCL's files, or 'installed': the files of bfcl-eval",
        )
        categories: Categories = Field(
            ("simple_python", "multiple", "irrelevance"),
            min_length=1,
            description="categories whose rows are train and eval",
        )
        ood_categories: Categories | None = Field(
            None,
            description="categories whose rows are ood; of files, if not set, parallel is a shift",
        )
        eval_share: float = Field(
            0.2, ge=0, le=1, description="share of the categories' rows that is eval, by their id"
        )

        @model_validator(mode="after")
        def _usable(self) -> Self:
            for category in (*self.categories, *(self.ood_categories or ())):
                self._check(category)
            both = set(self.categories) & set(self.ood_categories or ())
            if both:
                raise ValueError(f"{', '.join(sorted(both))} in categories and in ood_categories")
            return self

        def _check(self, category: str) -> None:
            if category in UNSUPPORTED:
                raise ValueError(f"category {category} is not supported: {UNSUPPORTED[category]}")
            if category not in SINGLE_TURN + MULTI_TURN:
                known = nearest(category, SINGLE_TURN + MULTI_TURN)
                raise ValueError(f"unknown category {category!r}{known}")
            if self.data is None and category not in embedded.CATEGORIES:
                raise ValueError(
                    f"category {category} is in BFCL's own files only: set data to their folder, "
                    "or to 'installed' after pip install --no-deps bfcl-eval; without them there "
                    f"is {', '.join(embedded.CATEGORIES)}"
                )

    name: ClassVar[str] = "bfcl"
    aliases = read_aliases(__package__)
    options: Options
    state: Dialogue | None

    def __init__(self, split: Split = "train", **settings: Any) -> None:
        super().__init__(**settings)
        options, shifts = self.options, {}
        if options.data is None:
            shifts["phrasing"] = "simple and multiple questions in sentences that train never uses"
            shifts["tools"] = "eval's tasks, one of the functions renamed and described anew"
        elif options.ood_categories is None and "parallel" not in options.categories:
            shifts["parallel"] = "several calls of one function in a turn"
        self.shifts, self.split = shifts, split
        self._made: dict[tuple[bool, str], Tool] = {}
        used = {*self.options.categories, *self._categories("ood"), *self._categories("parallel")}
        if not used.isdisjoint(MULTI_TURN):
            class_files()  # raises where bfcl-eval is not installed

    # The tasks and their tools -------------------------------------------------------------

    def make_tools(self) -> Iterable[Tool]:
        """No common tools: each task has its own."""
        return []

    def load_tasks(self, split: Split) -> list[Task]:
        """The rows of the split's categories; a hash of the id divides them between train and eval.

        Only the embedded questions have the shift `phrasing`.

        Raises:
            DataError: a file is missing or broken; names file and row.
            ConfigError: bfcl-eval is needed and not installed.
        """

        def split_of(name: str) -> Split:
            if split not in ("train", "eval"):
                return split
            number = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")
            return "eval" if number < self.options.eval_share * 2**32 else "train"

        if split == "phrasing":
            return [make_task(*row, split) for row in embedded.reworded()]
        found = [self._read(category, split_of) for category in self._categories(split)]
        return [task for tasks in found for task in tasks if task.split == split]

    def tools_for(self, task: Task) -> Iterable[Tool]:
        """A tool for each function of the task that has not been held back until later."""
        hidden = set[str]() if self.state is None else self.state.hidden(task)
        for function in task.metadata["functions"]:
            if function["name"] not in hidden:
                yield self._tool(function, task)

    def opening(self, task: Task) -> list[Message]:
        """mentor's system prompt, joined with the question's own, and the other messages."""
        prompt = _QUESTION_PROMPT if self.state is None else _DIALOGUE_PROMPT
        messages: list[Message] = [message.copy() for message in task.metadata.get("opening", ())]
        if not messages:
            messages.append({"role": "user", "content": task.prompt})
        if messages[0]["role"] == "system":
            prompt = f"{prompt}\n\n{messages.pop(0)['content']}"
        return [{"role": "system", "content": prompt}, *messages]

    # The episode ---------------------------------------------------------------------------

    def start(self, task: Task) -> Dialogue | None:
        """The state of a multi-turn task.

        Raises:
            ConfigError: bfcl-eval is not installed.
        """
        return Dialogue.open(task) if task.metadata["category"] in MULTI_TURN else None

    def reply(self, content: str) -> str | None:
        """The user's next message; functions that were held back come with it."""
        if self.task is None or self.state is None:
            return None
        metadata = self.task.metadata
        self.state.close_turn(self.task, self.turns)
        if self.state.turn == len(metadata["turns"]):
            return None
        added = metadata["held_back"][self.state.turn]
        if added:
            self.refresh_tools()
            return more_functions([f for f in metadata["functions"] if f["name"] in added])
        message: str = metadata["turns"][self.state.turn]
        return message

    def is_over(self) -> bool:
        """True after the turn with calls of a question, or after too many turns in a dialogue."""
        return self.state is None or self.state.is_stuck(self.turns)

    def verify(self) -> float:
        """1.0 if `verdict` finds the episode right, else 0.0."""
        return float(self.verdict().valid)

    def verdict(self) -> Verdict:
        """The verdict on the episode as it stands, with the reason if it is wrong."""
        if self.task is None or not self.turns:
            return Verdict(False, "no turn was taken")
        metadata = self.task.metadata
        if self.state is not None:
            if self.state.problem:
                return Verdict(False, self.state.problem)
            over = self.state.turn == len(metadata["turns"])
            return Verdict(over, "" if over else "the dialogue was not finished")
        turn = self.turns[0]
        if turn.parse_failure is not None:
            return Verdict(False, "a call cannot be parsed")
        if self.task.answer is None:
            return Verdict(bool(turn.calls), "" if turn.calls else "nothing is called")
        return check_calls(turn.calls, metadata["functions"], self.task.answer)

    def expert(self, task: Task) -> Expert | None:
        """Plays the ground truth; None if there is none, or if it exceeds `max_turns`."""
        if task.answer is None:
            return None
        if task.metadata["category"] not in MULTI_TURN:
            return _question_expert(task)
        turns = sum(1 + bool(calls) for calls in task.answer)
        return _dialogue_expert(task) if turns <= self.max_turns else None

    # Inside --------------------------------------------------------------------------------

    def _categories(self, split: Split) -> tuple[str, ...]:
        if split == "ood":
            return self.options.ood_categories or ()
        if split == "parallel":
            return ("parallel",) if "parallel" in self.shifts else ()
        return self.options.categories

    def _read(self, category: str, split_of: Callable[[str], Split]) -> list[Task]:
        data = self.options.data
        if data is not None:
            folder = installed_data() if data == _INSTALLED else Path(data)
            return read_category(folder, category, split_of)
        return [
            make_task(category, row, answer, split_of(row.text("id")))
            for row, answer in embedded.rows(category)
        ]

    def _tool(self, function: Mapping[str, Any], task: Task) -> Tool:
        simulated = self.state is not None
        key = simulated, json.dumps(function)
        if key not in self._made:
            name = function["name"]
            try:
                self._made[key] = Tool.from_schema(
                    partial(self._simulate, name) if simulated else _accept,
                    name=name,
                    parameters=json_schema(function["parameters"]),
                    description=function["description"],
                    check=False,  # what BFCL's functions take is for BFCL's rules to say
                )
            except PluginError as error:
                raise DataError(f"{task.metadata['row']}: {error}") from None
        return self._made[key]

    def _simulate(self, function: str, /, **arguments: Any) -> str:
        if self.state is None:
            raise ToolError("no dialogue is running")
        return self.state.call(function, arguments)


def _accept(**_: Any) -> str:
    return "accepted"


def _question_expert(task: Task) -> Expert:
    calls = [
        Call(wanted["name"], example_arguments(wanted["acceptable"]))
        for wanted in task.metadata["calls"]
    ]
    yield ("" if calls else "None of the tools can do that."), calls


def _dialogue_expert(task: Task) -> Expert:
    for wanted in task.answer:
        if wanted:
            yield "", [Call(call["name"], deepcopy(call["arguments"])) for call in wanted]
        yield "Done.", []
