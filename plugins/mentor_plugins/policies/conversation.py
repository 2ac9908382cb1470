"""Conversation: the messages exchanged with a server that speaks OpenAI's chat protocol.

Servers write calls in many ways: without an id, with arguments as an object, encoded twice, cut
off. Every call is read as far as possible. Messages sent back always follow the protocol.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.provenance import Usage
from mentor_core.contracts.trajectory import Call, Message
from mentor_toolkit.arguments import arguments_object

__all__ = ["Conversation", "Reply", "SaidCall"]

_HERMES = HermesParser()
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_MOST_NAME = 64  # characters of a name that OpenAI's own server takes


@dataclass(frozen=True, slots=True)
class SaidCall:
    """A call as a server gave it.

    Attributes:
        id: the server's id; empty if there is none.
        name: the tool's name; empty if there is none.
        arguments: None if they cannot be read as an object.
        text: the call in the format of Hermes; Hermes' parser reads a call there only if `read`
            did.
    """

    id: str
    name: str
    arguments: dict[str, Any] | None
    text: str

    @classmethod
    def read(cls, call: Any) -> SaidCall:
        """Read an item of `tool_calls`, as far as possible."""
        call = call if isinstance(call, dict) else {}
        function = call.get("function")
        function = function if isinstance(function, dict) else call
        name, given, identity = function.get("name"), function.get("arguments"), call.get("id")
        name = name if isinstance(name, str) else ""
        identity = identity if isinstance(identity, str) else ""
        arguments = arguments_object(given)
        if name and arguments is not None:
            text = _HERMES.render("", [Call(name, arguments)])
            if _HERMES.parse(text).calls == [Call(name, arguments)]:
                return cls(identity, name, arguments, text)
        raw = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        written = json.dumps({"name": name or None, "arguments": raw or "-"}, ensure_ascii=False)
        return cls(identity, name, None, f"{_HERMES.OPEN}\n{written}\n{_HERMES.CLOSE}")


class Reply:
    """One choice of a server's reply.

    Attributes:
        content: the model's text beside its calls.
        calls: see `SaidCall`.
        text: the turn, in the format of Hermes.
        complete: the model ended the turn itself.
        usage: the server's counts.

    Raises:
        KeyError, TypeError: the choice has no message.
    """

    def __init__(self, choice: Any, usage: Usage) -> None:
        message = dict(choice["message"])
        given = message.get("tool_calls") or message.get("function_call") or []
        self.content = _content(message.get("content"))
        self.calls = [
            SaidCall.read(call) for call in (given if isinstance(given, list) else [given])
        ]
        blocks = [call.text for call in self.calls]
        self.text = "\n".join([self.content, *blocks] if self.content else blocks)
        if blocks and not self._is_read_back():  # the content would hide calls, or has some itself
            self.text = "\n".join(blocks)
        self.complete = choice.get("finish_reason") not in ("length", "content_filter")
        self.usage = usage

    def _is_read_back(self) -> bool:
        turn = _HERMES.parse(self.text)
        meant = [Call(c.name, c.arguments) for c in self.calls if c.arguments is not None]
        return turn.calls == meant and bool(turn.failure) == (len(meant) < len(self.calls))


class Conversation:
    """The messages for a server.

    Args:
        messages: in the server's protocol.
        tools: names of the tools.

    Attributes:
        messages: all messages so far.
        tokens: number of tokens that the model has written.
    """

    def __init__(self, messages: list[dict[str, Any]], tools: Sequence[str] = ()) -> None:
        self.messages, self.tokens = messages, 0
        self._tools = tools
        self._ids: set[str] = set()
        self._read: list[str] = []
        self._unread: list[str] = []

    def reply(self, reply: Reply) -> None:
        """Add a reply of the model."""
        self.tokens += reply.usage.completion_tokens
        message: dict[str, Any] = {"role": "assistant", "content": reply.content}
        given = {call.id for call in reply.calls}
        for call in reply.calls:
            identity = call.id
            if not identity or identity in self._ids:
                identity = next(i for i in _own_ids() if i not in self._ids | given)
            self._ids.add(identity)
            (self._unread if call.arguments is None else self._read).append(identity)
            function = {
                "name": self._name(call.name),
                "arguments": json.dumps(call.arguments or {}),
            }
            message.setdefault("tool_calls", []).append(
                {"id": identity, "type": "function", "function": function}
            )
        self.messages.append(message)

    def observe(self, messages: Sequence[Message]) -> None:
        """Add the environment's messages: results in the order of the calls that could be read.

        The protocol wants a result for every call: a call that could not be read gets the
        complaint.
        """
        others: list[dict[str, Any]] = []
        for message in messages:
            if message["role"] != "tool":
                others.append(dict(message))
            elif self._read:
                self._answer(self._read.pop(0), message["content"])
            elif self._unread:
                while self._unread:
                    self._answer(self._unread.pop(0), message["content"])
            else:  # the model wrote its call as text
                others.append({"role": "user", "content": _result(message)})
        for identity in self._read + self._unread:
            self._answer(identity, "Error: the call was not carried out.")
        self._read, self._unread = [], []
        self.messages += others

    def _answer(self, call: str, content: str) -> None:
        self.messages.append({"role": "tool", "tool_call_id": call, "content": content})

    def _name(self, name: str) -> str:
        """The name of a tool, or a substitute that servers accept."""
        return name if name in self._tools else _NO_NAME.sub("_", name)[:_MOST_NAME] or "unknown"


def _own_ids() -> Iterator[str]:
    return (f"call{number:05d}" for number in itertools.count())  # Mistral's form


def _content(value: Any) -> str:
    """The text of a message, which may come in parts."""
    if isinstance(value, list):
        texts = (part.get("text") for part in value if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return value if isinstance(value, str) else ""


def _result(message: Message) -> str:
    return f"<tool_response>\n{message['content']}\n</tool_response>"
