"""TokenPolicy: base of policies that sample tokens: encoding, limits and bookkeeping."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import PrivateAttr

from mentor_core.contracts.chat import Chat
from mentor_core.contracts.policy import (
    Generation,
    Interrupted,
    Limits,
    Policy,
    Sampling,
    Session,
    Student,
    never,
)
from mentor_core.contracts.trajectory import Call, Message, Tokens

__all__ = ["TokenPolicy"]


class TokenPolicy(Policy):
    """Token in, token out: sampled ids are kept unchanged, all other text is added as suffixes."""

    replays: ClassVar[bool] = True

    _student: Student = PrivateAttr()
    _chat: Chat = PrivateAttr()
    _sampling: Sampling = PrivateAttr(default=Sampling())
    _limits: Limits = PrivateAttr(default=Limits())

    def prepare(self, student: Student | None, sampling: Sampling, limits: Limits) -> None:
        if student is None:
            raise ValueError(f"{type(self).__name__} needs a model")
        self._student, self._sampling, self._limits = student, sampling, limits
        self._chat = student.chat

    @property
    def context_tokens(self) -> int:
        """Most tokens the model can see, prompt included."""
        limit = getattr(self._student.model.config, "max_position_embeddings", None)
        return int(limit) if limit else 1 << 30

    def open(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Session:
        ids = self._chat.prompt_ids(messages, tools)
        return Session(list(messages), tools, seed, Tokens(ids))

    def observe(self, session: Session, messages: Sequence[Message]) -> bool:
        session.messages += messages
        suffix = self._chat.suffix_ids(messages)
        if self.room(session) <= len(suffix):
            return False
        tokens(session).add_written(suffix)
        return True

    def replay(
        self, session: Session, text: str, calls: Sequence[Call], ids: Sequence[int] | None = None
    ) -> Generation:
        written = list(ids) if ids is not None else self._chat.turn_ids(text, calls)
        if self.room(session) <= len(written):
            error = f"the turns to begin with leave no room in {self._limits.max_episode_tokens}"
            return Generation(session, "", False, None, 0.0, f"{error} tokens")
        tokens(session).add_written(written)
        session.messages.append({"role": "assistant", "content": text})
        return Generation(session, text)

    def room(self, session: Session) -> int:
        """Number of tokens that the episode may still grow by; may be negative."""
        record = tokens(session)
        used = len(record.completion)
        context = self.context_tokens - len(record.prompt) - used
        return min(self._limits.max_episode_tokens - used, context)

    def turn_limit(self, session: Session) -> int:
        """Most tokens of the turn that begins now."""
        return min(self._limits.max_turn_tokens, self.room(session))

    def finish(
        self, session: Session, ids: list[int], logprobs: list[float], seconds: float
    ) -> Generation:
        """Take a sampled turn into the session's record."""
        span = tokens(session).add_sampled(ids, logprobs)
        text = self._chat.decode(ids)
        session.messages.append({"role": "assistant", "content": text})
        complete = bool(ids) and ids[-1] in self._chat.end_ids
        return Generation(session, text, complete, span, seconds)

    def overlong(self, session: Session) -> Generation:
        """The generation for a session whose prompt leaves no room for a single token."""
        size = len(tokens(session).prompt)
        error = f"a prompt of {size} tokens fills the model's {self.context_tokens} positions"
        return Generation(session, "", False, None, 0.0, error)

    @abstractmethod
    def submit(self, session: Session) -> None: ...

    @abstractmethod
    def poll(self, interrupted: Interrupted = never) -> list[Generation]: ...


def tokens(session: Session) -> Tokens:
    """The session's token record, which a session of a TokenPolicy always has."""
    if session.tokens is None:
        raise ValueError("the session was opened by a policy that does not deal in tokens")
    return session.tokens
