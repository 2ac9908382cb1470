"""OpenaiPolicy: a model behind a server that speaks OpenAI's chat protocol.

For evaluation, and for teachers: it writes no token records, so nothing can be trained with
it. Each episode is a conversation of its own, with one request a turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from mentor_core.endpoint import Endpoint
from mentor_core.errors import ServerError
from mentor_core.parsing import HermesParser
from mentor_core.policy import (
    Generation,
    Interrupted,
    Limits,
    Policy,
    Sampling,
    Session,
    Student,
    never,
)
from mentor_core.trajectory import Call, Message
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
    calls. With `tools = "text"`, for servers that know no tools, the schemas and the format
    stand in the system message, and the model writes its calls as text.
    """

    needs_model: ClassVar[bool] = False
    parser: ClassVar[type[HermesParser]] = HermesParser

    model: str = Field(description="the model's name on the server")
    tools: Literal["native", "text"] = Field("native", description="how tools are offered")
    concurrency: int = Field(32, ge=1, description="most requests under way at a time")
    limit_name: str = Field(
        "max_tokens", description="what the server calls the limit; or max_completion_tokens"
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
        """What reports call it."""
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
        return Session(list(messages), tools, seed, handle=_Conversation(shown))

    def submit(self, session: Session) -> None:
        request = self._request(session)
        self._requests.start(
            session,
            lambda: _first_choice(self.ask("chat/completions", request)),
            lambda reply, seconds: self._finish(session, reply, seconds),
        )

    def poll(self, interrupted: Interrupted = never) -> list[Generation]:
        return self._requests.collect(interrupted)

    def observe(self, session: Session, messages: Sequence[Message]) -> bool:
        session.messages += messages
        conversation: _Conversation = session.handle
        conversation.observe(messages)
        return conversation.tokens < self._limits.episode_tokens

    def close(self, session: Session) -> None:
        self._requests.drop(session)

    def _request(self, session: Session) -> dict[str, Any]:
        conversation: _Conversation = session.handle
        left = self._limits.episode_tokens - conversation.tokens
        request: dict[str, Any] = {
            "model": self.model,
            "messages": conversation.messages,
            "temperature": self._sampling.temperature,
            "top_p": self._sampling.top_p,
            "seed": (session.seed + len(conversation.messages)) % 2**31,
            self.limit_name: max(1, min(self._limits.turn_tokens, left)),
        }
        if self._sampling.top_k:
            request["top_k"] = self._sampling.top_k
        if self._sampling.min_p:
            request["min_p"] = self._sampling.min_p
        if self.tools == "native" and session.tools:
            request["tools"] = list(session.tools)
        request |= self.extra
        return {key: value for key, value in request.items() if key not in self.omit}

    def _finish(self, session: Session, reply: _Reply, seconds: float) -> Generation:
        conversation: _Conversation = session.handle
        conversation.reply(reply)
        session.messages.append({"role": "assistant", "content": reply.text})
        return Generation(session, reply.text, reply.complete, None, seconds)


class _Reply:
    """One choice of a server's reply.

    Attributes:
        message: as it is sent back with the next request.
        calls: (id, whether its arguments were an object) of each call.
        text: content and calls, in the format of Hermes.
        complete: the model ended the turn itself.
        tokens: what it cost; 0 where the server does not say.
    """

    def __init__(self, choice: Any, usage: Any) -> None:
        found = choice["message"]
        content, calls = found.get("content") or "", found.get("tool_calls") or []
        self.message: dict[str, Any] = {"role": "assistant", "content": content}
        self.calls: list[tuple[str, bool]] = []
        blocks = []
        for call in calls:
            text = _written(call["function"])
            blocks.append(text)
            self.calls.append((call["id"], not _HERMES.parse(text).failure))
        if calls:
            self.message["tool_calls"] = [
                {"id": call["id"], "type": "function", "function": call["function"]}
                for call in calls
            ]
        self.text = "\n".join([content, *blocks] if content else blocks)
        self.complete = choice.get("finish_reason") not in ("length", "content_filter")
        self.tokens = int((usage or {}).get("completion_tokens") or 0)


class _Conversation:
    """What a server has been told.

    Attributes:
        messages: in the server's protocol.
        tokens: what the model has written.
    """

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.messages, self.tokens = messages, 0
        self._open: list[tuple[str, bool]] = []

    def reply(self, reply: _Reply) -> None:
        """The model has spoken."""
        self.messages.append(reply.message)
        self.tokens += reply.tokens
        self._open = reply.calls

    def observe(self, messages: Sequence[Message]) -> None:
        """The environment has answered: results in the order of the calls that could be read.

        Every call must be answered, so one that could not be read gets the complaint.
        """
        read = [call for call, good in self._open if good]
        unread = [call for call, good in self._open if not good]
        for message in messages:
            if message["role"] != "tool":
                self.messages.append(dict(message))
            elif message.get("name") and read:
                self._answer(read.pop(0), message["content"])
            elif unread:
                while unread:
                    self._answer(unread.pop(0), message["content"])
            else:  # the model wrote its call as text
                self.messages.append({"role": "user", "content": _result(message)})
        self._open = []

    def _answer(self, call: str, content: str) -> None:
        self.messages.append({"role": "tool", "tool_call_id": call, "content": content})


def _result(message: Message) -> str:
    return f"<tool_response>\n{message['content']}\n</tool_response>"


def _written(function: dict[str, Any]) -> str:
    """A call as text; as it came where its arguments are not JSON."""
    arguments = function.get("arguments") or "{}"
    if isinstance(arguments, dict):
        return _HERMES.render("", [Call(function["name"], arguments)])
    name = json.dumps(function["name"], ensure_ascii=False)
    return f'{_HERMES.OPEN}\n{{"name": {name}, "arguments": {arguments.strip()}}}\n{_HERMES.CLOSE}'


def _first_choice(reply: Any) -> _Reply:
    """The first choice of a reply.

    Raises:
        ServerError: there is none, or it is not as the protocol says.
    """
    try:
        return _Reply(reply["choices"][0], reply.get("usage"))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        shown = json.dumps(reply)[:200]
        raise ServerError(f"the server's reply is not a chat completion: {shown}") from error
