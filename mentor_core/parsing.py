"""CallParser: how a model family writes tool calls into its turns.

A parser reads what a policy wrote (`parse`) and writes what a scripted policy wants to say
(`render`); the two are inverses on well-formed turns. `HermesParser`, the format of
Hermes and Qwen models, is the plain built-in.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mentor_core.trajectory import Call, ParseFailure

__all__ = ["CallParser", "HermesParser", "ParsedTurn", "parse_call_object"]


@dataclass(slots=True)
class ParsedTurn:
    """What a turn says: free text, calls in order, and whether a call was malformed."""

    content: str
    calls: list[Call] = field(default_factory=list)
    failure: ParseFailure | None = None


class CallParser(ABC):
    """Reads and writes tool calls in one model family's format."""

    complaint: ClassVar[str] = "the tool call could not be read"
    """What a policy is shown after a malformed call; it should say what is expected."""

    @abstractmethod
    def parse(self, text: str) -> ParsedTurn:
        """Parse one assistant turn. Never raises, whatever the text."""

    @abstractmethod
    def render(self, content: str, calls: Sequence[Call]) -> str:
        """The turn's text for `content` followed by `calls`."""


class HermesParser(CallParser):
    """`<tool_call>{"name": …, "arguments": {…}}</tool_call>`, any number of them a turn."""

    complaint = (
        "the tool call could not be read. Write it as "
        '<tool_call>{"name": ..., "arguments": {...}}</tool_call> with valid JSON.'
    )
    OPEN: ClassVar[str] = "<tool_call>"
    CLOSE: ClassVar[str] = "</tool_call>"
    _BLOCK: ClassVar[re.Pattern[str]] = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)

    def parse(self, text: str) -> ParsedTurn:
        calls, failure = [], None
        for match in self._BLOCK.finditer(text):
            call = parse_call_object(match.group(1))
            if call is None:
                failure = "malformed_call"
            else:
                calls.append(call)
        content = self._BLOCK.sub("", text)
        if self.OPEN in content or self.CLOSE in content:
            failure = "malformed_call"
        return ParsedTurn(content.strip(), calls, failure)  # type: ignore[arg-type]

    def render(self, content: str, calls: Sequence[Call]) -> str:
        blocks = [
            self.OPEN
            + "\n"
            + json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)
            + "\n"
            + self.CLOSE
            for call in calls
        ]
        return "\n".join([content, *blocks] if content else blocks)


def parse_call_object(text: str) -> Call | None:
    """A call from `{"name": str, "arguments": object}`; None where the text is not that.

    Arguments given as a JSON string of an object are accepted, as many models write them so.
    """
    value = _loads(text)
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = _loads(arguments)
    if not isinstance(arguments, dict):
        return None
    return Call(value["name"], arguments)


def _loads(text: str) -> Any:
    """JSON without NaN, infinities and lone surrogates; None where it is not that."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
