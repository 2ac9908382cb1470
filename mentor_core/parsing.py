"""CallParser: how a model family writes thinking and tool calls into its turns.

A parser reads what a policy wrote (`parse`) and writes what a scripted policy wants to say
(`render`); the two are inverses on well-formed turns. A turn is thinking, where the model
thinks, and then what is said: text and calls. Thinking is the same for all parsers and is
taken off here; a format defines `read` and `write` for what is said. `HermesParser`, the
format of Hermes and Qwen models, is the plain built-in.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from mentor_core.trajectory import Call, ParseFailure

if TYPE_CHECKING:
    from mentor_core.chat import ChatFormat

__all__ = [
    "NOT_JSON",
    "THINKING",
    "CallParser",
    "HermesParser",
    "ParsedTurn",
    "call_json",
    "call_of",
    "opened_thinking",
    "read_json",
]

THINKING = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),  # Mistral
    ("<|channel>thought", "<channel|>"),  # Gemma 4
    ("<|channel|>analysis<|message|>", "<|end|>"),  # gpt-oss
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Cohere
    ("<seed:think>", "</seed:think>"),
)
"""What opens and closes a block of thinking, by model family."""

NOT_JSON: Any = object()
"""What `read_json` returns where there is none: None is JSON."""

_REASONS: dict[ParseFailure, str] = {
    "malformed_json": "the tool call is not valid JSON.",
    "malformed_call": "the tool call could not be read.",
    "no_call": "a tool call was opened, and none was made.",
}


@dataclass(slots=True)
class ParsedTurn:
    """What a turn says: text, calls in order, and the first thing that was wrong with a call."""

    content: str
    calls: list[Call] = field(default_factory=list)
    failure: ParseFailure | None = None

    def take(self, value: Any) -> None:
        """Add the call that a JSON value describes, or note what is wrong with it."""
        call = call_of(value)
        if call is None:
            self.note("malformed_call")
        else:
            self.calls.append(call)

    def note(self, failure: ParseFailure) -> None:
        """Something is wrong with a call of the turn; the first such thing is kept."""
        self.failure = self.failure or failure


class CallParser(ABC):
    """Reads and writes turns in one model family's format.

    Attributes:
        form: how a call is written. Models whose chat template knows no tools are shown it, and
            so is a policy whose call could not be read.
        opening: what stands before a turn, and after the user's message, in the model's prompt;
            set by `prepare`. Some templates open the thinking there.
    """

    form: str = ""
    opening: str = ""

    def prepare(self, chat: ChatFormat, tools: Sequence[dict[str, Any]]) -> None:
        """Called before the first turn of a model.

        Args:
            chat: the model's chat format.
            tools: schemas of the tools.

        Raises:
            ModelError: the parser cannot serve the model.
        """
        self.opening = chat.opening

    def parse(self, text: str) -> ParsedTurn:
        """Parse one assistant turn. Never raises, whatever the text.

        Thinking is neither content nor searched for calls. Where it is not closed, the turn
        says nothing: `failure` is "unclosed_thinking".
        """
        said = self.after_thinking(text)
        return ParsedTurn("", [], "unclosed_thinking") if said is None else self.read(said)

    def render(self, content: str, calls: Sequence[Call]) -> str:
        """The turn's text for `content` followed by `calls`, without thinking."""
        opened = opened_thinking(self.opening)
        closing = f"{opened[1]}\n\n" if opened else ""
        return closing + self.write(content, calls)

    def complain(self, failure: ParseFailure) -> str:
        """What a policy is shown after a turn that could not be read."""
        if failure == "unclosed_thinking":
            return "the turn ended before the thinking did."
        return f"{_REASONS[failure]} Write it as {' '.join(self.form.split())} with valid JSON."

    def after_thinking(self, text: str) -> str | None:
        """The part of a turn that follows its thinking; None where that is not closed."""
        opened = opened_thinking(self.opening)
        while True:
            if opened is None:
                text = text.lstrip()
                opened = next((pair for pair in THINKING if text.startswith(pair[0])), None)
                if opened is None:
                    return text
            _, closed, text = text.partition(opened[1])
            if not closed:
                return None
            opened = None

    @abstractmethod
    def read(self, text: str) -> ParsedTurn:
        """`parse` of a turn without thinking."""

    @abstractmethod
    def write(self, content: str, calls: Sequence[Call]) -> str:
        """`render`, but for what closes the thinking that a prompt opens."""


class HermesParser(CallParser):
    """`<tool_call>{"name": …, "arguments": {…}}</tool_call>`, any number of them a turn."""

    form = '<tool_call>\n{"name": <function-name>, "arguments": <arguments-object>}\n</tool_call>'
    OPEN: ClassVar[str] = "<tool_call>"
    CLOSE: ClassVar[str] = "</tool_call>"

    def read(self, text: str) -> ParsedTurn:
        turn, at = ParsedTurn(""), 0
        while (start := text.find(self.OPEN, at)) >= 0:
            turn.content += text[at:start]
            start += len(self.OPEN)
            value, end = read_json(text, start)
            if value is not NOT_JSON and (close := _CLOSE.match(text, end)):
                turn.take(value)
                at = close.end()
                continue
            end = text.find(self.CLOSE, start)
            inside = text[start : end if end >= 0 else len(text)]
            turn.note("malformed_json" if inside.strip() else "no_call")
            at = end + len(self.CLOSE) if end >= 0 else len(text)
        turn.content += text[at:]
        if self.CLOSE in turn.content:
            turn.note("malformed_call")
        turn.content = turn.content.strip()
        return turn

    def write(self, content: str, calls: Sequence[Call]) -> str:
        blocks = [f"{self.OPEN}\n{call_json(call, 'arguments')}\n{self.CLOSE}" for call in calls]
        return "\n".join([content, *blocks] if content else blocks)


_CLOSE = re.compile(r"\s*</tool_call>")
_SPACE = re.compile(r"\s*")


# What formats share ------------------------------------------------------------------------


def call_of(value: Any) -> Call | None:
    """A call from `{"name": str, "arguments": object}`; None where the value is not that.

    Models also write "parameters" for "arguments", nothing or null for no arguments, the
    arguments as a JSON string of an object, and the whole inside `{"function": …}`.
    """
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str):
        arguments = _whole_json(arguments)
    if arguments is None:
        arguments = {}
    return Call(value["name"], arguments) if isinstance(arguments, dict) else None


def call_json(call: Call, arguments: str) -> str:
    """A call as JSON, its arguments under the given key."""
    return json.dumps({"name": call.name, arguments: call.arguments}, ensure_ascii=False)


def read_json(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins at `at`, after white space, and where it ends.

    NaN, infinities and lone surrogates are not JSON. `NOT_JSON` where there is no value.
    """
    start = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    try:
        value, end = _DECODER.raw_decode(text, start)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return NOT_JSON, at
    return value, end


def _whole_json(text: str) -> Any:
    value, end = read_json(text, 0)
    return NOT_JSON if text[end:].strip() else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def opened_thinking(prompt: str) -> tuple[str, str] | None:
    """The marks of the thinking that a prompt has opened and not closed."""
    for start, end in THINKING:
        if prompt.rfind(start) > prompt.rfind(end):
            return start, end
    return None
