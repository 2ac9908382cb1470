"""The reasoning_gym environment: any of the package's datasets, with tools to solve it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.shifts import TOOLS
from mentor_core.contracts.task import Split, Task
from mentor_core.support.errors import ConfigError
from mentor_core.tools.tool import Tool
from mentor_envs.answers import read_answer
from mentor_envs.calculator.tools import FUNCTIONS
from mentor_envs.functions.tools import Source, load_tools
from mentor_envs.generated import read_aliases
from mentor_envs.reasoning_gym.datasets import harder, make_dataset
from mentor_envs.reasoning_gym.expert import operations, play
from mentor_envs.reasoning_gym.scorer import score

__all__ = ["ReasoningGym"]

_STRIDE = 1_000_000  # an item's seed is its dataset's plus its index
_SEEDS = {"eval": 1, "train": 2}  # a million times that; 0 for ood and the shifts


class ReasoningGym(ToolEnv):
    """Items of a reasoning_gym dataset, with a calculator, no tools or your own.

    The outcome is the dataset's own score. Train and eval are the same dataset with disjoint seeds.
    Each part of the dataset's curriculum is a shift: a level up in this part alone. Items that are
    arithmetic expressions, such as the default dataset's, have an expert.
    """

    class Options(ToolEnv.Options):
        """The dataset's own options go into `dataset_options`."""

        model_config = ConfigDict(arbitrary_types_allowed=True)

        dataset: str = Field("chain_sum", description="name of a dataset of reasoning_gym")
        dataset_options: dict[str, Any] = Field(
            default_factory=dict, description="its own options, but for seed and size"
        )
        ood_dataset: str = Field(
            "", description="a dataset for ood, in place of the curriculum's shifts"
        )
        ood_options: dict[str, Any] | None = Field(
            None, description="options of ood, in place of the curriculum's shifts"
        )
        tools: Source | list[Source] = Field(
            "calculator", description="calculator, none, or tools as the functions environment's"
        )
        seed: int = Field(0, ge=0, le=1000, description="which tasks are generated")
        train_size: int = Field(1024, ge=0, le=_STRIDE, description="most train tasks")
        eval_size: int = Field(128, ge=0, le=_STRIDE, description="most eval tasks")
        ood_size: int = Field(128, ge=0, le=_STRIDE, description="most tasks of each shift")

    name: ClassVar[str] = "reasoning_gym"
    system_prompt: ClassVar[str] = (
        "Solve the problem; use the tools where they help. "
        "When you know the answer, write: Answer: <answer>"
    )
    options: Options

    def __init__(self, split: Split = "train", **arguments: Any) -> None:
        super().__init__(**arguments)
        options = self.options
        make_dataset(options.dataset, options.dataset_options, seed=0, size=1)  # tells at once
        self._harder: dict[Split, list[dict[str, Any]]] = {}
        if options.ood_dataset or options.ood_options is not None:
            make_dataset(options.ood_dataset or options.dataset, options.ood_options or {}, 0, 1)
        else:
            self._harder = harder(options.dataset, options.dataset_options)
        shifts = {part: f"a level up in the curriculum's {part}" for part in self._harder}
        if options.tools == "calculator":
            shifts[TOOLS] = "eval's tasks, a quarter of the tools renamed and described anew"
            self.aliases = read_aliases("mentor_envs.calculator")
        self.shifts, self.split = shifts, split

    def make_tools(self) -> Iterable[Tool]:
        """The calculator's twelve tools, none, or the named functions.

        Raises:
            ConfigError, PluginError: the functions cannot be loaded, or cannot be tools.
        """
        if self.options.tools == "none":
            return []
        if self.options.tools == "calculator":
            return [Tool(function) for function in FUNCTIONS.values()]
        return load_tools(self.options.tools)

    def load_tasks(self, split: Split) -> list[Task]:
        """The split's items, without repeated prompts and prompts of other splits.

        Eval leaves out the tasks that the options put into ood. Train and the shifts also leave out
        eval's tasks, and the shifts train's.
        """
        earlier = {"ood": (), "eval": (), "train": ("eval",)}.get(split, ("eval", "train"))
        prompts = {task.prompt for other in earlier for task in self.tasks(other)}
        if split != "ood":
            prompts |= {task.prompt for task in self._ood}
        tasks = []
        for task in self._generate(split):
            if task.prompt not in prompts:
                prompts.add(task.prompt)
                tasks.append(task)
        return tasks

    def read_answer(self, content: str) -> str | None:
        """See `mentor_envs.answers.read_answer`; a turn without a mark is the answer."""
        return read_answer(content, bare=None, gold=self.task.answer if self.task else None)

    def verify(self) -> float | None:
        """The dataset's score of the answer; 0.0 without one, or if it breaks the scoring.

        None (not scored) if scoring takes longer than `scorer.SECONDS`, or ends its process: such
        an answer is not known to be wrong.
        """
        if self.task is None:
            return None
        if self.answer is None:
            return 0.0
        metadata = self.task.metadata
        return score(metadata["dataset"], metadata["options"], metadata["entry"], self.answer)

    def expert(self, task: Task) -> Expert | None:
        """Computes the item's expression with the calculator; None if one of the two is missing.

        Also None if there are not more turns than operations.
        """
        expression = str(task.metadata["entry"]["metadata"].get("expression", ""))
        count = operations(expression) if self.options.tools == "calculator" else None
        return play(expression) if count is not None and count < self.max_turns else None

    @cached_property
    def _ood(self) -> list[Task]:
        """The tasks that the options put into ood."""
        return self.load_tasks("ood")

    def _generate(self, split: Split) -> list[Task]:
        options = self.options
        if split in ("train", "eval"):
            size = options.train_size if split == "train" else options.eval_size
            return self._items(options.dataset, options.dataset_options, split, size)
        if options.ood_dataset or options.ood_options is not None:
            name = options.ood_dataset or options.dataset
            return self._items(name, options.ood_options or {}, split, options.ood_size)
        for candidate in self._harder.get(split, []):
            try:
                return self._items(options.dataset, candidate, split, options.ood_size)
            except ConfigError:
                continue  # the dataset may refuse options of its curriculum
        return []

    def _items(self, name: str, options: dict[str, Any], split: Split, size: int) -> list[Task]:
        seed = (self.options.seed * 3 + _SEEDS.get(split, 0)) * _STRIDE
        dataset = make_dataset(name, options, seed, size) if size else []
        tasks = []
        for index in range(size):
            try:
                entry = dataset[index]
            except Exception as error:  # each dataset fails in its own way: passed on, named
                raise ConfigError(
                    f"dataset {name!r} cannot make item {index} with these options: "
                    f"{type(error).__name__}: {error}"
                ) from error
            metadata = {"dataset": name, "options": options, "entry": entry}
            identity, prompt = f"{name}-{split}-{index}", entry["question"].strip()
            tasks.append(Task(identity, self.name, prompt, entry["answer"], split, metadata))
        return tasks
