"""CallParser: a model family's format of thinking and tool calls in turns.

A parser reads the turns of a policy (`parse`) and writes the turns of a script (`render`). The two
are inverses on well-formed turns. A turn has optional thinking, then text and calls. Thinking is
the same for all parsers and is removed here; a format defines `read` and `write` for text and
calls. `HermesParser`, the format of Hermes and Qwen models, is the plain built-in.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from mentor_core.contracts.trajectory import Call, ParseFailure
from mentor_core.contracts.written_calls import (
    MOST_LEVELS,
    NOT_JSON,
    PlainText,
    call_json,
    call_of,
    has_foreign_call,
    is_meant_as_call,
    read_json,
    unreadable,
    unsound,
)

if TYPE_CHECKING:
    from mentor_core.contracts.chat import Chat

__all__ = [
    "MOST_LEVELS",
    "NOT_JSON",
    "THINKING",
    "CallParser",
    "HermesParser",
    "ParsedTurn",
    "call_json",
    "call_of",
    "is_meant_as_call",
    "opened_thinking",
    "read_json",
    "unreadable",
]

THINKING = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),  # Mistral
    ("<|channel>thought", "<channel|>"),  # Gemma 4
    ("<|channel|>analysis<|message|>", "<|end|>"),  # gpt-oss
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Cohere
    ("<seed:think>", "</seed:think>"),
)
"""Marks that open and close a block of thinking, by model family."""

_REASONS: dict[ParseFailure, str] = {
    "malformed_json": "the tool call is not valid JSON.",
    "malformed_call": "the tool call could not be read.",
    "no_call": "a tool call was opened, and none was made.",
    "too_deep": f"the arguments are nested more than {MOST_LEVELS} levels.",
}


@dataclass(slots=True)
class ParsedTurn:
    """The contents of a turn: text, calls in order, and the first fault of a call."""

    content: str
    calls: list[Call] = field(default_factory=list)
    failure: ParseFailure | None = None

    def take(self, value: Any) -> None:
        """Add the call that a JSON value describes, or note its fault."""
        call = call_of(value)
        if call is None:
            self.note("malformed_call")
        else:
            self.calls.append(call)

    def note(self, failure: ParseFailure) -> None:
        """Note the fault of a call in the turn; the first one is kept."""
        self.failure = self.failure or failure

    def keep_sound(self) -> None:
        """Drop calls that are no JSON, or nested too deeply to be written; note the fault."""
        sound = []
        for call in self.calls:
            if (failure := unsound([call.name, call.arguments])) is None:
                sound.append(call)
            else:
                self.note(failure)
        self.calls = sound


class CallParser(ABC):
    """Reads and writes turns in one model family's format.

    Attributes:
        form: a call in this format. Models whose chat template knows no tools read the form, and so
            does a policy whose call could not be read.
        opening: text between the user's message and a turn in the model's prompt; set by `prepare`.
            Some templates open the thinking there.
        generic: true if the parser reads many families' formats; a family's own parser is
            preferred.
        parameters: JSON schema of the arguments of each tool by name, set by `prepare`.
    """

    generic: ClassVar[bool] = False
    form: str = ""
    opening: str = ""
    parameters: Mapping[str, Any] = MappingProxyType({})

    def prepare(self, chat: Chat, tools: Sequence[dict[str, Any]]) -> None:
        """Called before the first turn of a model.

        Args:
            chat: the model's chat format.
            tools: schemas of the tools.

        Raises:
            ModelError: the parser cannot serve the model.
        """
        self.opening = chat.opening
        functions = [tool.get("function", tool) for tool in tools]
        self.parameters = {f["name"]: f.get("parameters") or {} for f in functions}

    def parse(self, text: str) -> ParsedTurn:
        """Parse one assistant turn. Never raises, whatever the text.

        Thinking is neither content nor searched for calls. If thinking is not closed, the turn is
        empty, with the failure "unclosed_thinking". A call in another family's format is a failure,
        and so is a call whose arguments are not JSON or nested too deeply.
        """
        said = self.after_thinking(text)
        if said is None:
            return ParsedTurn("", [], "unclosed_thinking")
        turn = self.read(PlainText(said))
        turn.keep_sound()
        if turn.failure is None and has_foreign_call(turn.content, self.parameters):
            turn.note("malformed_call")
        return turn

    def render(self, content: str, calls: Sequence[Call]) -> str:
        """The turn's text for `content` followed by `calls`, without thinking."""
        opened = opened_thinking(self.opening)
        closing = f"{opened[1]}\n\n" if opened else ""
        return closing + self.write(content, calls)

    def complain(self, failure: ParseFailure) -> str:
        """The message to a policy after a turn that could not be read."""
        if failure == "unclosed_thinking":
            return "the turn ended before the thinking did."
        return f"{_REASONS[failure]} Write it as {' '.join(self.form.split())}"

    def after_thinking(self, text: str) -> str | None:
        """The part of a turn after its thinking; None if the thinking is not closed."""
        opened, at = opened_thinking(self.opening), 0
        while True:
            if opened is None:
                at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
                opened = next((pair for pair in THINKING if text.startswith(pair[0], at)), None)
                if opened is None:
                    return text[at:]
            closed = text.find(opened[1], at)
            if closed < 0:
                return None
            at, opened = closed + len(opened[1]), None

    @abstractmethod
    def read(self, text: str) -> ParsedTurn:
        """`parse` of a turn without thinking."""

    @abstractmethod
    def write(self, content: str, calls: Sequence[Call]) -> str:
        """`render` without the mark that closes thinking which a prompt has opened."""


class HermesParser(CallParser):
    """`<tool_call>{"name": …, "arguments": {…}}</tool_call>`, any number of them a turn."""

    form = '<tool_call>\n{"name": <function-name>, "arguments": <arguments-object>}\n</tool_call>'
    OPEN: ClassVar[str] = "<tool_call>"
    CLOSE: ClassVar[str] = "</tool_call>"

    def read(self, text: str) -> ParsedTurn:
        turn, at, said = ParsedTurn(""), 0, []
        while (start := text.find(self.OPEN, at)) >= 0:
            said.append(text[at:start])
            start += len(self.OPEN)
            value, end = read_json(text, start)
            if value is not NOT_JSON and (close := _CLOSE.match(text, end)):
                turn.take(value)
                at = close.end()
                continue
            end = text.find(self.CLOSE, start)
            turn.note(unreadable(text[start : end if end >= 0 else len(text)]))
            at = end + len(self.CLOSE) if end >= 0 else len(text)
        turn.content = "".join([*said, text[at:]]).strip()
        if self.CLOSE in turn.content:
            turn.note("malformed_call")
        return turn

    def write(self, content: str, calls: Sequence[Call]) -> str:
        blocks = [f"{self.OPEN}\n{call_json(call, 'arguments')}\n{self.CLOSE}" for call in calls]
        return "\n".join([content, *blocks] if content else blocks)


_CLOSE = re.compile(r"\s*</tool_call>")
_SPACE = re.compile(r"\s*")


def opened_thinking(prompt: str) -> tuple[str, str] | None:
    """The marks of the thinking that a prompt has opened and not closed."""
    for start, end in THINKING:
        if prompt.rfind(start) > prompt.rfind(end):
            return start, end
    return None
