"""Teacher: attempts training tasks, so that a student can learn from verified attempts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from mentor_core.contracts.component import Component
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.policy import Policy, Student
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Attempt", "Classroom", "RequestLog", "Teacher"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one task.

    Attributes:
        number: counts the attempts of one teacher at one task, from 0.
        seed: seed of the episode.
        temperature: temperature for teachers that sample; 0 is greedy.
    """

    task: Task
    number: int
    seed: int
    temperature: float


class RequestLog(Protocol):
    """Remembers requests to a paid server, so that no answer is paid for twice.

    A key stands for one request; the same key means the same request, after a crash, too. The
    methods are called from several threads.
    """

    def remembered(self, key: str) -> Any:
        """The reply to an earlier request of this key; None if there is none."""

    def begin(self, key: str) -> None:
        """A request is about to be sent.

        Raises:
            MentorError: no further request may be sent, because a budget is spent, say.
        """

    def answered(self, key: str, reply: Any, seconds: float) -> None:
        """The request was answered."""

    def failed(self, key: str, problem: str) -> None:
        """The request failed; nothing is paid for."""


class Classroom(Protocol):
    """A teacher's access to environments, request log and store."""

    @property
    def log(self) -> RequestLog:
        """The log of every request."""

    def env(self, name: str) -> ToolEnv:
        """An environment to play in."""

    def keep(self, attempt: Attempt, trajectory: Trajectory) -> None:
        """Verify and store an attempt as soon as it has ended.

        Raises:
            MentorError: the collection stops here.
        """

    def play(
        self, policy: Policy, attempts: Sequence[Attempt], student: Student | None = None
    ) -> None:
        """Let a policy play attempts of one temperature, many at a time, and keep each."""


class Teacher(Component, ABC):
    """Attempts tasks. The classroom verifies each attempt and stores it.

    Attributes:
        repeats: true if a further attempt at a task can have another result.
        interactive: true if the teacher uses the terminal, so that no progress bar may.
    """

    repeats: ClassVar[bool] = True
    interactive: ClassVar[bool] = False

    @property
    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Everything beside task, prompt, tools, seed and temperature that attempts depend on.

        The values are JSON, without secrets. Attempts of two teachers of one identity are the same.
        """

    def provenance(self) -> Provenance:
        """The teacher's model, server and sampling, as far as they apply."""
        return Provenance(type(self).__name__)

    @abstractmethod
    def attempt(self, attempts: Sequence[Attempt], room: Classroom) -> None:
        """Make attempts, all of one temperature; give each to `room.keep` as it ends.

        Attempts that the teacher cannot make are left out.
        """
