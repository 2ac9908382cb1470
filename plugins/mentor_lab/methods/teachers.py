"""The conformance suite of teachers: their attempts are played in an environment and replayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.policy import Policy, Student
from mentor_core.contracts.teacher import Attempt, RequestLog, Teacher
from mentor_core.contracts.trajectory import Trajectory
from mentor_lab.verdict import Problem, Verdict
from mentor_toolkit.scripts import replay

__all__ = ["check_teacher"]


class _Log:
    """A log that remembers for as long as it lives."""

    def __init__(self) -> None:
        self._replies: dict[str, Any] = {}

    def remembered(self, key: str) -> Any:
        return self._replies.get(key)

    def begin(self, key: str) -> None: ...

    def answered(self, key: str, reply: Any, seconds: float) -> None:
        self._replies[key] = reply

    def failed(self, key: str, problem: str) -> None: ...


class _Room:
    """A classroom with one environment, which keeps everything."""

    def __init__(self, env: ToolEnv) -> None:
        self._env = env
        self.log: RequestLog = _Log()
        self.kept: list[tuple[Attempt, Trajectory]] = []

    def env(self, name: str) -> ToolEnv:
        return self._env

    def keep(self, attempt: Attempt, trajectory: Trajectory) -> None:
        self.kept.append((attempt, trajectory))

    def play(
        self, policy: Policy, attempts: Sequence[Attempt], student: Student | None = None
    ) -> None:
        raise NotImplementedError("check_teacher plays no policies; test such a teacher in a run")


def check_teacher(teacher: Teacher, make: Callable[[], ToolEnv], tasks: int = 20) -> list[Verdict]:
    """Let a teacher try tasks of an environment, and check its promises.

    Args:
        make: makes the environment.
        tasks: most training tasks that the teacher attempts.
    """
    env = make()
    room = _Room(env)
    attempts = [Attempt(task, 0, n, 0.0) for n, task in enumerate(env.tasks("train")[:tasks])]
    verdicts = [
        Verdict("identity", "has an identity of JSON values"),
        Verdict("attempts", "keeps each of its attempts once, and no other"),
        Verdict("replayed", "keeps what its environment gives again"),
    ]
    identity, kept, replayed = verdicts
    try:
        json.dumps(teacher.identity, allow_nan=False)
        identity.tested = 1
    except (TypeError, ValueError) as error:
        identity.problem = Problem(f"{type(error).__name__}: {error}", teacher.identity)
    try:
        teacher.attempt(attempts, room)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        kept.problem = Problem(f"{type(error).__name__}: {error}")
    numbers = [attempts.index(attempt) for attempt, _ in room.kept if attempt in attempts]
    kept.tested = len(room.kept)
    if len(numbers) < len(room.kept) or len(numbers) > len(set(numbers)):
        kept.problem = Problem("it kept an attempt twice, or one that nobody asked for", numbers)
    if not env.replayable:
        replayed.why_untested = "the environment cannot be replayed"
        room.kept.clear()
    for attempt, trajectory in room.kept:
        try:
            again = replay(env, attempt.task, trajectory)
        except Exception as error:  # noqa: BLE001 - whatever is raised is the finding
            replayed.problem = Problem(f"{type(error).__name__}: {error}", trajectory)
            break
        replayed.tested += 1
        if (again.task_key, again.outcome) != (trajectory.task_key, trajectory.outcome):
            text = f"the outcome {trajectory.outcome} is {again.outcome} when replayed"
            replayed.problem = Problem(text, trajectory)
            break
    env.close()
    return verdicts
