"""GeneratedEnv: base of domains whose tasks are generated, or read from a user's file."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Split, Task
from mentor_core.tools.renamed import Alias
from mentor_envs.answers import read_answer
from mentor_envs.rows import SHIFTS
from mentor_envs.words import read_words

__all__ = ["GeneratedEnv", "belongs", "hash_byte", "owner", "read_aliases"]


class GeneratedEnv(ToolEnv, ABC):
    """A domain defines `generate` and `read_tasks` in place of `load_tasks`."""

    class Options(ToolEnv.Options):
        """Seed and sizes are for generated tasks only."""

        tasks_file: Path | None = Field(
            None, description="tasks of your own instead: JSON lines or a JSON list, .gz welcome"
        )
        seed: int = Field(0, description="which tasks are generated")
        train_size: int = Field(4096, ge=0, description="number of train tasks")
        eval_size: int = Field(128, ge=0, description="number of eval tasks")
        ood_size: int = Field(128, ge=0, description="number of tasks of each generated shift")

    options: Options

    def __init__(self, **arguments: Any) -> None:
        if arguments.get("tasks_file") is not None:
            self.shifts = SHIFTS
        super().__init__(**arguments)

    @abstractmethod
    def generate(self, split: Split, size: int) -> Sequence[Task]:
        """The first `size` generated tasks of train, eval or a shift.

        The same seed always gives the same tasks. No prompt is in train and in another split.
        """

    @abstractmethod
    def read_tasks(self, path: Path) -> Sequence[Task]:
        """The tasks of a file, of all splits, in the order of its rows.

        Raises:
            DataError: the file cannot be read or has no row, or a row is broken; names file and
                row.
        """

    def load_tasks(self, split: Split) -> list[Task]:
        """The generated tasks of the split, or the file's tasks of the split.

        No generated task belongs to `ood` alone, as `ood` has the tasks of the shifts.

        Raises:
            DataError: see `read_tasks`.
        """
        options = self.options
        if options.tasks_file is not None:
            return [task for task in self._read if task.split == split]
        if split == "ood" and self.shifts:
            return []
        sizes = {"train": options.train_size, "eval": options.eval_size}
        return list(self.generate(split, sizes.get(split, options.ood_size)))

    def read_answer(self, content: str) -> str | None:
        """See `mentor_envs.answers.read_answer`; a short turn without a mark is the answer."""
        return read_answer(content, gold=self.task.answer if self.task else None)

    @cached_property
    def _read(self) -> Sequence[Task]:
        """The file's tasks, read once: later changes of the file have no effect."""
        assert self.options.tasks_file is not None
        return self.read_tasks(self.options.tasks_file)


def owner(text: str, one_in: int) -> Split:
    """The split, train or eval, that a text belongs to, whatever the seed.

    One text in `one_in` (at most 256) is eval's.
    """
    return "train" if hash_byte(text) % one_in else "eval"


def belongs(text: str, split: Split, one_in: int) -> bool:
    """True if a text may be in a split: a text of train is in no other split, with any seed."""
    return (owner(text, one_in) == "train") == (split == "train")


def read_aliases(package: str) -> dict[str, Alias]:
    """Tool → alias in the shift `tools`, from `aliases.toml` of a package."""
    return {tool: Alias(**alias) for tool, alias in read_words(package, "aliases.toml").items()}


def hash_byte(text: str) -> int:
    """A number from 0 to 255, the same for the same text in every process."""
    return hashlib.sha256(text.encode()).digest()[0]
