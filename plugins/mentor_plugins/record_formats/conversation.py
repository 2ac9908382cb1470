"""Conversation: base of formats of chat messages, from rows to trajectories and back.

    a row ── format.parse ──▶ chat messages ── trajectory_of ──▶ a trajectory
    a trajectory ── messages_of ──▶ chat messages ── format.render ──▶ a row

A turn's observation has the results of its calls in the order of the calls, and then the other
messages, as a rollout writes them.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, get_args

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.record_format import RecordFormat
from mentor_core.contracts.trajectory import (
    Call,
    CallFailure,
    EndReason,
    Message,
    ParseFailure,
    Trajectory,
    Turn,
)
from mentor_core.support.errors import RowError, bounded
from mentor_core.support.scalars import as_float
from mentor_plugins.record_formats.values import Role, tool_names, tool_schemas
from mentor_toolkit.scripts import said_in

__all__ = [
    "CONVERSATION",
    "ChatMessage",
    "ConversationFormat",
    "bare",
    "hermes_turn",
    "messages_of",
    "said_beside_calls",
    "trajectory_of",
]

CONVERSATION = (
    *("task_id", "env", "outcome", "prompt", "end", "answer", "tools"),
    *("turns.text", "turns.calls.name", "turns.calls.arguments", "turns.calls.result"),
    "turns.observation",
)
"""Fields of a trajectory that a conversation and the columns of `ConversationFormat` hold."""

_HERMES = HermesParser()
_LONGEST_NAME = 100  # characters of a tool's name in an observation, as `ToolEnv.finish` has it


@dataclass(slots=True)
class ChatMessage:
    """A message of a conversation, in no format in particular.

    Attributes:
        calls: calls of an assistant's message; `ids` are the ids of the calls, empty if there are
            none.
        call_id: id of the call that a tool's message answers; empty if the message has none.
        name: the tool of a tool's message; the speaker of a user's message.
        parse_failure: why a call in an assistant's text cannot be read.
        failure: why the call of a tool's message was not carried out.
    """

    role: Role
    content: str = ""
    calls: list[Call] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    call_id: str = ""
    name: str = ""
    parse_failure: ParseFailure | None = None
    failure: CallFailure | None = None


class ConversationFormat(RecordFormat):
    """A format of chat messages, with further columns for facts that messages do not hold.

    The columns are `task_id`, `env` and `outcome`. `end_reason` and `final_answer` are added if
    they differ from the end that the last message implies.

    Attributes:
        own_task_field: key of the task's id, if the option `task_field` names none.
    """

    holds: ClassVar[tuple[str, ...]] = CONVERSATION
    own_task_field: ClassVar[str] = "task_id"

    @abstractmethod
    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        """The messages of a row.

        Raises:
            RowError: the row has no messages.
        """

    @abstractmethod
    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        """The row that holds messages; `tools` are schemas, each with its "function".

        Raises:
            RowError: no row can hold the messages.
        """

    def names(self, row: Mapping[str, Any]) -> list[str]:
        """Names of the tools that a row declares."""
        return tool_names(row.get("tools"))

    def ending(self, last: Turn) -> tuple[EndReason | None, str | None]:
        """The end and the answer that a row's last turn implies, unless the row gives others."""
        if last.calls or last.parse_failure or last.observation:
            return None, None
        return "answered", said_in(last.text).strip() or None

    def read(self, row: Mapping[str, Any]) -> Trajectory:
        trajectory = trajectory_of(self.parse(row))
        trajectory.tools = self.names(row)
        trajectory.env = self.env if self.env is not None else _text(row, "env")
        trajectory.task_id = self._task(row) or _hash(trajectory)
        trajectory.outcome = _outcome(row.get("outcome"))
        trajectory.end, trajectory.answer = self.ending(trajectory.turns[-1])
        if row.get("end_reason") is not None:
            trajectory.end = _end_reason(row["end_reason"])
        if row.get("final_answer") is not None:
            trajectory.answer = _text(row, "final_answer")
        return trajectory

    def write(self, trajectory: Trajectory, tools: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        row: dict[str, Any] = {self.task_field or self.own_task_field: trajectory.task_id}
        if trajectory.env:
            row["env"] = trajectory.env
        if trajectory.outcome is not None:
            row["outcome"] = trajectory.outcome
        end, answer = None, None
        if trajectory.turns:
            last = trajectory.turns[-1]
            end, answer = self.ending(replace(last, text=said_beside_calls(last)))
        if trajectory.end not in (None, end):
            row["end_reason"] = trajectory.end
        if trajectory.answer not in (None, answer):
            row["final_answer"] = trajectory.answer
        return row | self.render(list(messages_of(trajectory)), tool_schemas(tools))

    def _task(self, row: Mapping[str, Any]) -> str:
        key = self.task_field or self.own_task_field
        value = row.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise RowError(f"{key} is not a text or a whole number")
        if self.task_field and value in (None, ""):
            raise RowError(f"no {key}, which names the task")
        return "" if value is None else str(value)


def trajectory_of(messages: Iterable[ChatMessage]) -> Trajectory:
    """The teacher's trajectory in messages: its prompt and its turns.

    Raises:
        RowError: there is no assistant's message, or a result without a call.
    """
    trajectory = Trajectory(task_id="", env="", source="teacher")
    waiting: list[tuple[str, Call]] = []
    results: list[tuple[Call, Message]] = []
    others: list[Message] = []

    def close_turn() -> None:
        turn = trajectory.turns[-1] if trajectory.turns else Turn("")
        given = [message for call in turn.calls for of, message in results if of is call]
        turn.observation = [*given, *others]
        results.clear()
        others.clear()

    for message in messages:
        plain: Message = {"role": message.role, "content": message.content}
        if message.role == "assistant":
            close_turn()
            turn = Turn(message.content, message.calls, message.parse_failure)
            trajectory.turns.append(turn)
            waiting = list(zip(message.ids or [""] * len(turn.calls), turn.calls, strict=True))
        elif message.role == "tool":
            if (at := _fitting(message, waiting)) is not None:
                _, call = waiting.pop(at)
                call.result, call.failure = message.content, message.failure
                results.append((call, {**plain, "name": _shown(call)}))
            elif not message.call_id and trajectory.turns and trajectory.turns[-1].parse_failure:
                others.append({**plain, "name": ""})  # the complaint about what was not read
            else:
                raise RowError("a tool's result answers no call of the turn before it")
        else:
            if message.name:
                plain["name"] = message.name
            (others if trajectory.turns else trajectory.prompt).append(plain)
    if not trajectory.turns:
        raise RowError("no assistant message")
    close_turn()
    return trajectory


def messages_of(trajectory: Trajectory) -> Iterator[ChatMessage]:
    """The messages of a trajectory.

    A tool's message without a call (the complaint about an unreadable call) has neither a name nor
    a call's id.
    """
    number = 0
    for message in trajectory.prompt:
        yield _plain(message)
    for turn in trajectory.turns:
        ids = [f"call{number + at:05d}" for at in range(len(turn.calls))]
        number += len(ids)
        yield ChatMessage("assistant", said_beside_calls(turn), turn.calls, ids)
        waiting = list(zip(ids, turn.calls, strict=True))
        results = {i: call.result for i, call in waiting if call.result}
        others, start = [], 0
        for message in turn.observation:
            plain = _plain(message)
            named = bool(plain.name) and message["role"] == "tool"
            at = _fitting(plain, waiting, start) if named else None
            if at is None:
                others.append(plain)
            else:
                results[waiting.pop(at)[0]], start = plain.content, at
        for identity, call in zip(ids, turn.calls, strict=True):
            if identity in results:
                plain = ChatMessage("tool", results[identity], name=call.name)
                plain.call_id, plain.failure = identity, call.failure
                yield plain
        for plain in others:
            name = "" if plain.role == "tool" else plain.name
            yield ChatMessage(plain.role, plain.content, name=name)


def hermes_turn(text: str) -> ChatMessage:
    """An assistant's message from text in which Hermes' marks may stand around calls.

    The content is the text beside the calls, without white space around it. If there is no call, or
    an unreadable one, the content is the whole text.
    """
    if _HERMES.OPEN not in text:
        return ChatMessage("assistant", text)
    said = said_in(text)
    parsed = _HERMES.parse(said)
    if parsed.failure and not (whole := _HERMES.parse(text)).failure:
        # The apparent end of thinking is in an argument.
        said, parsed = _HERMES.after_thinking(text) or "", whole
    if parsed.failure or not parsed.calls:
        return ChatMessage("assistant", text, parsed.calls, parse_failure=parsed.failure)
    beside = text.removesuffix(said) + parsed.content
    return ChatMessage("assistant", beside.strip(), parsed.calls)


def said_beside_calls(turn: Turn) -> str:
    """A turn's text without the calls that Hermes' format writes into it."""
    read = hermes_turn(turn.text)
    same = not read.parse_failure and read.calls == bare(turn.calls)
    return read.content if same else turn.text


def bare(calls: Sequence[Call]) -> list[Call]:
    """Calls as they were written, without their results."""
    return [Call(call.name, call.arguments) for call in calls]


def _plain(message: Message) -> ChatMessage:
    return ChatMessage(message["role"], message["content"], name=message.get("name", ""))


def _fitting(
    message: ChatMessage, waiting: Sequence[tuple[str, Call]], start: int = 0
) -> int | None:
    """Index of the waiting call that a tool's message answers; from `start` on, if possible.

    The call with the message's id, if calls have ids; else with its name, if any; else the first.
    """
    if message.call_id and any(identity for identity, _ in waiting):
        found = (at for at, (identity, _) in enumerate(waiting) if identity == message.call_id)
        return next(found, None)
    named = [
        at
        for at, (_, call) in enumerate(waiting)
        if message.name and message.name in (call.name, _shown(call))
    ]
    likely = [at for at in named if at >= start] or named
    same = (at for at in likely if waiting[at][1].result == message.content)
    return next(same, next(iter(likely), 0 if waiting else None))


def _shown(call: Call) -> str:
    return bounded(call.name, _LONGEST_NAME)


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str | None):
        raise RowError(f"{key} is not text")
    return value or ""


def _end_reason(given: Any) -> EndReason:
    if given not in get_args(EndReason):
        raise RowError(f"end_reason is none of {', '.join(get_args(EndReason))}")
    reason: EndReason = given
    return reason


def _outcome(given: Any) -> float | None:
    outcome = as_float(given)
    if given is not None and (outcome is None or not 0 <= outcome <= 1):
        raise RowError("outcome is not a number in [0, 1]")
    return outcome


def _hash(trajectory: Trajectory) -> str:
    """An id for a task without a name in the row, from the user's messages."""
    observed = [message for turn in trajectory.turns for message in turn.observation]
    said = [m["content"] for m in [*trajectory.prompt, *observed] if m["role"] == "user"]
    text = json.dumps(said, ensure_ascii=True).encode()
    return f"prompt-{hashlib.blake2b(text, digest_size=8).hexdigest()}"
