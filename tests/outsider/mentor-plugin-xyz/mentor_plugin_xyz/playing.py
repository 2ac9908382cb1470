"""Who plays, and in what form: a call format, a policy, a gate, a teacher and a source."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import PrivateAttr

from mentor_core import (
    ActionGate,
    Attempt,
    Call,
    CallParser,
    Classroom,
    Generation,
    Judge,
    Message,
    ParsedTurn,
    Policy,
    Session,
    Task,
    Teacher,
    ToolEnv,
    Trajectory,
    TrajectorySource,
    Turn,
)

CALL = re.compile(r"^\$ (\w+) (\{.*\})$", re.MULTILINE)


class Prompt(CallParser):
    """A line for each call: `$ name {arguments}`."""

    form = "$ <function-name> <arguments-object>"

    def read(self, text: str) -> ParsedTurn:
        turn = ParsedTurn(CALL.sub("", text).strip())
        for name, arguments in CALL.findall(text):
            try:
                turn.take({"name": name, "arguments": json.loads(arguments)})
            except ValueError:
                turn.note("malformed_json")
        return turn

    def write(self, content: str, calls: Sequence[Call]) -> str:
        lines = [f"$ {call.name} {json.dumps(call.arguments)}" for call in calls]
        return "\n".join([content, *lines] if content else lines)


class Thrower(Policy):
    """Throws as many dice as the task says, then says what came up."""

    needs_model: ClassVar[bool] = False
    parser: ClassVar[type[CallParser] | None] = Prompt

    _queue: list[Session] = PrivateAttr(default_factory=list)

    def open(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Session:
        return Session(list(messages), tools, seed)

    def submit(self, session: Session) -> None:
        self._queue.append(session)

    def poll(self, interrupted: Any = None) -> list[Generation]:
        queue, self._queue = self._queue, []
        return [Generation(session, self._said(session.messages[-1])) for session in queue]

    def observe(self, session: Session, messages: Sequence[Message]) -> bool:
        session.messages += messages
        return True

    def _said(self, last: Message) -> str:
        if last["role"] == "tool":
            return last["content"]
        count = int(re.findall(r"\d+", last["content"])[0])
        return Prompt().write("", [Call("throw", {"count": count})])


class SixDice(ActionGate):
    """There are six dice, and nobody throws more."""

    def refuse(self, call: Call, task: Task, turns: Sequence[Turn]) -> str | None:
        return "there are six dice" if call.arguments["count"] > 6 else None


class Modest(Judge):
    """The fewer dice, the better."""

    def scores(
        self, task: Task, turns: Sequence[Turn], candidates: Sequence[Turn]
    ) -> list[float | None]:
        return [
            min((1.0 - call.arguments["count"] / 12 for call in turn.calls), default=None)
            for turn in candidates
        ]


class Calm(Teacher):
    """The environment's expert, without haste."""

    repeats: ClassVar[bool] = False

    @property
    def identity(self) -> dict[str, Any]:
        return {}

    def attempt(self, attempts: Sequence[Attempt], room: Classroom) -> None:
        for attempt in attempts:
            env = room.env(attempt.task.env)
            room.keep(attempt, replace(played(env, attempt.task, attempt.seed), source="teacher"))


class Played(TrajectorySource):
    """The environment's expert."""

    plays: ClassVar[bool] = True

    def find(self, tasks: Sequence[Task], env: ToolEnv) -> dict[str, list[Trajectory]]:
        return {task.id: [replace(played(env, task, 0), source="expert")] for task in tasks}


def played(env: ToolEnv, task: Task, seed: int) -> Trajectory:
    """The expert's episode on a task."""
    env.reset(seed=seed % 2**32, options={"task": task})
    expert = env.expert(task)
    text, calls = next(expert)
    while True:
        *_, ended, cut, _ = env.step(env.turn_text(text, calls))
        if ended or cut:
            return replace(env.trajectory, seed=seed)
        text, calls = expert.send(env.turns[-1].calls)
