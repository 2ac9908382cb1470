"""ScriptedPolicy: says the given texts turn by turn, for tests and for trying environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from mentor_core.contracts.policy import Generation, Interrupted, Policy, Session, never
from mentor_core.contracts.trajectory import Message

__all__ = ["ScriptedPolicy"]


class ScriptedPolicy(Policy):
    """Plays the same turns in every session; silent once they are used up."""

    needs_model: ClassVar[bool] = False

    turns: list[str] = Field(default_factory=list, description="the assistant's turns, in order")

    _queue: list[Session] = PrivateAttr(default_factory=list)

    def open(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Session:
        return Session(list(messages), tools, seed)

    def submit(self, session: Session) -> None:
        self._queue.append(session)

    def poll(self, interrupted: Interrupted = never) -> list[Generation]:
        queue, self._queue = self._queue, []
        return [Generation(session, self._say(session)) for session in queue]

    def observe(self, session: Session, messages: Sequence[Message]) -> bool:
        session.messages += messages
        return True

    def _say(self, session: Session) -> str:
        said = sum(message["role"] == "assistant" for message in session.messages)
        text = self.turns[said] if said < len(self.turns) else ""
        session.messages.append({"role": "assistant", "content": text})
        return text
