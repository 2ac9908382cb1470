"""Policy: generates assistant turns, for many conversations at a time.

A rollout opens a `Session` for each conversation, submits it for the policy's turn, and polls for
finished turns. Then the rollout adds the environment's messages, and submits the session again. A
policy may run the sessions in lockstep, continuously batched, or as requests to a server.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mentor_core.contracts.chat import Chat
from mentor_core.contracts.component import Component
from mentor_core.contracts.parsing import CallParser
from mentor_core.contracts.provenance import Usage
from mentor_core.contracts.rows import RowKind
from mentor_core.contracts.trajectory import Call, Message, Tokens

__all__ = [
    "Generation",
    "Interrupted",
    "Limits",
    "Policy",
    "Sampling",
    "Session",
    "Student",
    "never",
]

Interrupted = Callable[[], bool]
"""Returns true if something else is waiting: the results of a tool, say."""


def never() -> bool:
    """Nothing else is waiting."""
    return False


@dataclass(frozen=True, slots=True)
class Sampling:
    """Settings of sampling. Temperature 0 is greedy; top_p 1, top_k 0 and min_p 0 are off."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on a policy's output.

    Attributes:
        max_turn_tokens: most tokens of one turn.
        max_episode_tokens: most completion tokens of an episode, observations included.
    """

    max_turn_tokens: int = 256
    max_episode_tokens: int = 2048


@dataclass(slots=True)
class Student:
    """A model that can be trained, its tokenizer and its chat format.

    Attributes:
        model: a `PreTrainedModel`, on its device.
        tokenizer: a `PreTrainedTokenizerBase`.
        name: the user's name of the model.
        engine: another generator with the model's weights (TRL's vLLM); None if there is none.
    """

    model: Any
    tokenizer: Any
    chat: Chat
    name: str = ""
    engine: Any = None


@dataclass(slots=True, eq=False)
class Session:
    """One conversation with a policy.

    Attributes:
        messages: the conversation so far.
        tools: schemas of the tools.
        seed: seed of this episode's own random numbers.
        tokens: the token record; None if the policy has no tokens.
        context: an object of the opener (the episode, say).
        handle: an object of the policy (its cache row, say).
    """

    messages: list[Message]
    tools: Sequence[dict[str, Any]]
    seed: int
    tokens: Tokens | None = None
    context: Any = None
    handle: Any = None


@dataclass(frozen=True, slots=True)
class Generation:
    """One assistant turn.

    Attributes:
        session: the session of the turn.
        text: the turn without its end-of-turn token.
        complete: true if the policy ended the turn itself; False: out of tokens.
        span: [start, end) of the sampled tokens in the session's completion.
        seconds: wall time from `submit` to the last token.
        error: the reason if the policy could not generate; the episode then ends.
        usage: the server's counts; None if there is no server.
    """

    session: Session
    text: str
    complete: bool = True
    span: tuple[int, int] | None = None
    seconds: float = 0.0
    error: str | None = None
    usage: Usage | None = None


class Policy(Component, ABC):
    """Generates turns. Sessions may come and go at any time.

    Attributes:
        needs_model: False if the policy has its own model, or none.
        parser: the format in which the policy writes calls, if the model does not decide this.
        ways: names of options that do not change the policy's turns, such as retries.
        replays: true if an episode may begin with replayed turns.
        gives: kind of the rows that the policy plays.
    """

    needs_model: ClassVar[bool] = True
    parser: ClassVar[type[CallParser] | None] = None
    ways: ClassVar[frozenset[str]] = frozenset()
    replays: ClassVar[bool] = False
    gives: ClassVar[RowKind] = "sampled"

    def prepare(self, student: Student | None, sampling: Sampling, limits: Limits) -> None:
        """Called before the first session, and again whenever the model has changed."""

    @abstractmethod
    def open(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Session:
        """Begin a conversation."""

    @abstractmethod
    def submit(self, session: Session) -> None:
        """Start the policy's turn in this session."""

    def replay(
        self, session: Session, text: str, calls: Sequence[Call], ids: Sequence[int] | None = None
    ) -> Generation:
        """Take a turn that was written before, instead of generating one.

        Only called if `replays` is True.

        Args:
            text: the turn, in the format that the policy writes.
            calls: the calls in it.
            ids: its token ids with the one that ends it, if they are known.

        Returns:
            The turn, without a span: none of its tokens is sampled now.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot begin after turns of others")

    @abstractmethod
    def poll(self, interrupted: Interrupted = never) -> list[Generation]:
        """Work until at least one submitted session has its turn, or until `interrupted`.

        [] if no turn can end now: no session is submitted, or all wait for one that is not.
        """

    @abstractmethod
    def observe(self, session: Session, messages: Sequence[Message]) -> bool:
        """Add the environment's messages. False: no token of the episode is left."""

    def close(self, session: Session) -> None:
        """End the conversation."""
