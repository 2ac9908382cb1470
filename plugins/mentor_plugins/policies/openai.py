"""OpenaiPolicy: a model behind a server that speaks OpenAI's chat protocol.

For evaluation and for teachers. Training is impossible, as there are no token records. Each episode
is a conversation of its own, with one request a turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from mentor_core.contracts.parsing import HermesParser
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
from mentor_core.contracts.trajectory import Message
from mentor_core.support.errors import ServerError
from mentor_plugins.endpoint import Endpoint, usage_in
from mentor_plugins.policies.conversation import Conversation, Reply
from mentor_plugins.policies.requests import Requests

__all__ = ["OpenaiPolicy"]

_HERMES = HermesParser()
_HOW = """\
You may call these tools, any number of them a turn:
{tools}
A call is written as:
{form}"""


class OpenaiPolicy(Endpoint, Policy):
    """Asks `/chat/completions`, and gives turns in the format of the parser `hermes`.

    With `tools = "native"` the schemas go to the server, and its `tool_calls` become the turn's
    calls. `tools = "text"` is for servers that know no tools. The schemas and the format are in the
    system message, and the model writes its calls as text.
    """

    needs_model: ClassVar[bool] = False
    parser: ClassVar[type[HermesParser]] = HermesParser
    ways: ClassVar[frozenset[str]] = frozenset(
        {"api_key_variable", "retries", "backoff", "timeout", "longest_wait", "concurrency"}
    )

    model: str = Field(description="the model's name on the server")
    tools: Literal["native", "text"] = Field("native", description="how tools are offered")
    concurrency: int = Field(32, ge=1, description="most requests under way at a time")
    limit_name: str = Field(
        "max_tokens", description="the server's name of the limit; or max_completion_tokens"
    )
    omit: list[str] = Field(
        default_factory=list, description="fields that the server refuses, such as seed"
    )
    extra: dict[str, Any] = Field(
        default_factory=dict, description="further fields of every request"
    )

    _sampling: Sampling = PrivateAttr(default=Sampling())
    _limits: Limits = PrivateAttr(default=Limits())
    _requests: Requests = PrivateAttr()

    @property
    def name(self) -> str:
        """The name in reports."""
        return self.model

    def prepare(self, student: Student | None, sampling: Sampling, limits: Limits) -> None:
        self._sampling, self._limits = sampling, limits
        self._requests = Requests(self.concurrency)

    def open(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], seed: int
    ) -> Session:
        shown: list[dict[str, Any]] = [dict(message) for message in messages]
        if self.tools == "text" and tools:
            listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
            how = _HOW.format(tools=listed, form=_HERMES.form)
            if shown and shown[0]["role"] == "system":
                shown[0]["content"] += "\n\n" + how
            else:
                shown.insert(0, {"role": "system", "content": how})
        names = [tool["function"]["name"] for tool in tools]
        return Session(list(messages), tools, seed, handle=Conversation(shown, names))

    def submit(self, session: Session) -> None:
        request = self._request(session)
        self._requests.start(
            session,
            lambda: _first_choice(self.ask("chat/completions", request, str(session.seed))),
            lambda reply, seconds: self._finish(session, reply, seconds),
        )

    def poll(self, interrupted: Interrupted = never) -> list[Generation]:
        return self._requests.collect(interrupted)

    def observe(self, session: Session, messages: Sequence[Message]) -> bool:
        session.messages += messages
        conversation: Conversation = session.handle
        conversation.observe(messages)
        return conversation.tokens < self._limits.max_episode_tokens

    def close(self, session: Session) -> None:
        self._requests.drop(session)

    def _request(self, session: Session) -> dict[str, Any]:
        conversation: Conversation = session.handle
        left = self._limits.max_episode_tokens - conversation.tokens
        request: dict[str, Any] = {
            "model": self.model,
            "messages": conversation.messages,
            "temperature": self._sampling.temperature,
            "top_p": self._sampling.top_p,
            "seed": (session.seed + len(conversation.messages)) % 2**31,
            self.limit_name: max(1, min(self._limits.max_turn_tokens, left)),
        }
        if self._sampling.top_k:
            request["top_k"] = self._sampling.top_k
        if self._sampling.min_p:
            request["min_p"] = self._sampling.min_p
        if self.tools == "native" and session.tools:
            request["tools"] = list(session.tools)
        request |= self.extra
        return {key: value for key, value in request.items() if key not in self.omit}

    def _finish(self, session: Session, reply: Reply, seconds: float) -> Generation:
        conversation: Conversation = session.handle
        conversation.reply(reply)
        session.messages.append({"role": "assistant", "content": reply.text})
        return Generation(session, reply.text, reply.complete, None, seconds, usage=reply.usage)


def _first_choice(reply: Any) -> Reply:
    """The first choice of a reply.

    Raises:
        ServerError: there is no choice, or it does not follow the protocol.
    """
    try:
        return Reply(reply["choices"][0], usage_in(reply))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        shown = json.dumps(reply)[:200]
        raise ServerError(f"the server's reply is not a chat completion: {shown}") from error
