"""ToolDomain: the methods that a tool domain defines. `ToolEnv` plays the domain's episodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from mentor_core.contracts.shifts import TOOLS
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call, EndReason, Message, Trajectory, Turn
from mentor_core.tools.renamed import Alias
from mentor_core.tools.tool import Tool

__all__ = ["Expert", "ToolDomain"]

Expert = Generator[tuple[str, Sequence[Call]], list[Call], None]
"""A scripted solver: yields (text, calls) turn by turn and is sent the executed calls.
A turn without calls is the final answer, or asks for the user's next message."""


class ToolDomain(ABC):
    """The part of `ToolEnv` that a domain defines: subclass `ToolEnv`, not this.

    A domain must define `make_tools`, `load_tasks` and `verify`, and usually defines `expert`.
    State that a tool changes belongs in `self.state`, which `start` sets up for each episode.

    Attributes:
        task: the task of the episode; None before the first.
        tools: name → tool of the episode; before the first, those of `make_tools`.
        state: the result of `start` for the episode.
        trajectory: the record of the episode, which has no task before the first.
    """

    class Options(BaseModel):
        """The domain's own options; a domain with options overrides this class."""

        model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str]
    system_prompt: ClassVar[str] = ""
    parallel_calls: ClassVar[bool] = False
    """True if the calls of one turn may overlap, as no call changes state."""
    replayable: bool = True
    """True if the same task, seed and calls give the same results and outcome at any time.

    False if calls depend on a live server or a clock, say: saved episodes cannot be verified.
    """

    shifts: Mapping[str, str] = {}
    """Name of a shift → difference of the shift's tasks from train's; each shift is a split.

    The split `ood` has the tasks that `load_tasks` gives for `ood`, then the tasks of all shifts in
    turn.
    """
    aliases: Mapping[str, Alias] = {}
    """Tool → alias in the shift `tools`, for environments with this shift.
    """

    task: Task | None
    tools: dict[str, Tool]
    state: Any
    trajectory: Trajectory

    @property
    def turns(self) -> list[Turn]:
        """The turns of the episode, with the turn that is being observed."""
        return self.trajectory.turns

    @property
    def answer(self) -> str | None:
        """The answer of the episode; None before there is one."""
        return self.trajectory.answer

    @answer.setter
    def answer(self, answer: str | None) -> None:
        self.trajectory.answer = answer

    @property
    def end(self) -> EndReason | None:
        """The reason why the episode ended; None while it runs."""
        return self.trajectory.end

    @end.setter
    def end(self, end: EndReason | None) -> None:
        self.trajectory.end = end

    @abstractmethod
    def make_tools(self) -> Iterable[Tool]:
        """The tools of the domain; bound methods may read and change `self.state`."""

    def tools_for(self, task: Task) -> Iterable[Tool] | None:
        """The tools of an episode on `task`; None: the tools of `make_tools`, for every task.

        Called when an episode starts or is restored; `self.state` is the episode's by then.
        """
        return None

    def aliases_for(self, task: Task) -> Mapping[str, Alias]:
        """Tool → alias that the policy is shown in an episode on `task`; {} for own names.

        Called after `tools_for`. In the shift `tools`, a quarter of the episode's tools, and at
        least one, have their `aliases`. The task's id chooses the tools. Tasks of other splits have
        no aliases.
        """
        if task.split != TOOLS:
            return {}
        named = [tool for tool in self.tools if tool in self.aliases]
        names = sorted(named, key=lambda tool: sha256(f"{task.id} {tool}".encode()).digest())
        return {tool: self.aliases[tool] for tool in names[: -(-len(names) // 4)]}

    @abstractmethod
    def load_tasks(self, split: Split) -> list[Task]:
        """All tasks of a split, always the same ones in the same order.

        Args:
            split: train, eval, ood, or one of `shifts`. The shift `tools` needs no tasks here, as
                its tasks are eval's, with tools under other names.
        """

    @abstractmethod
    def verify(self) -> float | None:
        """Outcome of the current episode in [0, 1]; None if it cannot be verified."""

    def start(self, task: Task) -> Any:
        """A fresh `self.state` for an episode on `task`, drawn with `self.np_random` only."""
        return None

    def opening(self, task: Task) -> list[Message]:
        """The messages that an episode on `task` opens with: system prompt and prompt."""
        prompt: Message = {"role": "user", "content": task.prompt}
        if not self.system_prompt:
            return [prompt]
        return [{"role": "system", "content": self.system_prompt}, prompt]

    def read_answer(self, content: str) -> str | None:
        """The final answer in a turn without calls; None if the turn gives none."""
        return content.strip() or None

    def read_calls(self, content: str) -> list[Call]:
        """Calls in the domain's own notation, in a turn in which the parser found none."""
        return []

    def reply(self, content: str) -> str | None:
        """The user's next message after a turn without calls; None: that turn is the answer."""
        return None

    def is_over(self) -> bool:
        """True if the episode has ended by the domain's own rules (a purchase, say)."""
        return False

    def expert(self, task: Task) -> Expert | None:
        """A scripted solver of `task`; None if the domain has none."""
        return None

    def canonical(self, call: Call) -> str | None:
        """A key that is equal for calls that mean the same; None: compare them literally."""
        return None
