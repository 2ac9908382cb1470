r"""ToolRL: rows of its cold start, with `instruction`, `input` and `output`.

The instruction lists the tools, the input has the dialogue so far, and the output is the last turn:

    <think> … </think>
    <tool_call>
    {"name": …, "parameters": {…}}
    </tool_call>
    <response> … </response>

https://github.com/qiancheng0/ToolRL (arXiv 2504.13958)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mentor_core.contracts.parsing import NOT_JSON, read_json
from mentor_core.support.errors import RowError
from mentor_plugins.record_formats.conversation import CONVERSATION, ChatMessage, ConversationFormat
from mentor_plugins.record_formats.values import as_object, call_from, thought

__all__ = ["ToolRL"]

_HEAD = "**Dialogue Records History**"
_TOOLS = "**Available Tools**\nIn your response, you can use the following tools:\n"
_NAME = re.compile(r"^\d+\. Name: (.*)\nDescription: ", re.MULTILINE)
_OPEN = re.compile(r"\s*<(user|think|tool_call|response|obs)>")
_CLOSED = r"</{}>(?=\s*(?:<(?:user|think|tool_call|response|obs)>|\Z))"
_CLOSE = {tag: re.compile(_CLOSED.format(tag)) for tag in ("user", "think", "response", "obs")}
_CALLS_END = re.compile(r"\s*</tool_call>")
_THINKING = re.compile(r"<think>\s*(.*?)\s*</think>\s*", re.DOTALL)
_END = re.compile(r"\s*\Z")


class ToolRL(ConversationFormat):
    """ToolRL's rows: the instruction lists the tools, and the output is the last turn.

    Earlier turns stand in the input. Texts have no white space around them, and all system messages
    become one. Messages after the last turn are left out.
    """

    holds = tuple(name for name in CONVERSATION if name != "tools")

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        instruction, dialogue, output = (_text(row, k) for k in ("instruction", "input", "output"))
        messages = [ChatMessage("system", instruction)] if instruction else []
        messages += _dialogue(dialogue.strip().removeprefix(_HEAD))
        turns = list(_dialogue(output))
        if len(turns) != 1 or turns[0].role != "assistant":
            raise RowError("output is not one turn of think, tool_call and response")
        return messages + turns

    def names(self, row: Mapping[str, Any]) -> list[str]:
        _, _, listed = _text(row, "instruction").partition(_TOOLS)
        return _NAME.findall(listed)

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        turns = [at for at, message in enumerate(messages) if message.role == "assistant"]
        if not turns:
            raise RowError("there is no turn")
        system = "\n\n".join(m.content for m in messages if m.role == "system")
        if tools and _TOOLS not in system:
            listed = "\n".join(_tool(n, tool["function"]) for n, tool in enumerate(tools, 1))
            system = f"{system}\n\n{_TOOLS}{listed}".lstrip("\n")
        return {
            "instruction": system,
            "input": "\n".join([_HEAD, *_written(messages[: turns[-1]])]),
            "output": _turn(messages[turns[-1]]),
        }


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise RowError(f"{key} is not text")
    return value


def _dialogue(text: str) -> Iterator[ChatMessage]:
    """The messages of a text of marked parts."""
    turn: ChatMessage | None = None
    said: set[str] = set()
    at, thinking = 0, ""
    while not _END.match(text, at):
        opened = _OPEN.match(text, at)
        if opened is None:
            raise RowError("there is text outside of the marks")
        tag, at = opened[1], opened.end()
        if tag in ("user", "obs") or tag in said or "response" in said:
            if turn is not None:
                turn.content = thought(thinking, turn.content)
                yield turn
            turn, thinking, said = None, "", set()
        if tag == "tool_call":
            turn = turn or ChatMessage("assistant")
            at = _read_calls(text, at, turn)
            said.add(tag)
            continue
        closed = _CLOSE[tag].search(text, at)
        if closed is None:
            raise RowError(f"<{tag}> is not closed")
        inside, at = text[at : closed.start()].strip(), closed.end()
        if tag == "user":
            yield ChatMessage("user", inside)
        elif tag == "obs":
            yield from _observed(inside)
        else:
            turn = turn or ChatMessage("assistant")
            said.add(tag)
            if tag == "think":
                thinking = inside
            else:
                turn.content = inside
    if turn is not None:
        turn.content = thought(thinking, turn.content)
        yield turn


def _read_calls(text: str, at: int, turn: ChatMessage) -> int:
    while not (closed := _CALLS_END.match(text, at)):
        value, at = read_json(text, at)
        if value is NOT_JSON:
            raise RowError("a tool_call is not JSON")
        given = as_object(value, "a tool_call")
        turn.calls.append(call_from(given.get("name"), given.get("parameters")))
    return closed.end()


def _observed(text: str) -> Iterator[ChatMessage]:
    """`[{"name": …, "results": …}, …]`, a result a call; else the text is one result."""
    value, end = read_json(text, 0)
    items = value if isinstance(value, list) and end == len(text) else []
    if not items or not all(isinstance(i, dict) and {"name", "results"} <= set(i) for i in items):
        yield ChatMessage("tool", text)
        return
    for item in items:
        found = item["results"]
        result = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        yield ChatMessage("tool", result, name=str(item["name"]))


def _written(messages: Sequence[ChatMessage]) -> Iterator[str]:
    results: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            results.append({"name": message.name, "results": message.content})
            continue
        if results:
            yield f"<obs> {json.dumps(results, ensure_ascii=False)} </obs>\n"
            results = []
        if message.role == "assistant":
            yield _turn(message) + "\n"
        elif message.role == "user":
            yield f"<user> {message.content} </user>\n"
    if results:
        yield f"<obs> {json.dumps(results, ensure_ascii=False)} </obs>"


def _turn(message: ChatMessage) -> str:
    thinking, said = "", message.content
    if found := _THINKING.match(said):
        thinking, said = found[1], said[found.end() :]
    parts = [f"<think> {thinking} </think>"]
    if message.calls:
        written = (
            json.dumps({"name": c.name, "parameters": c.arguments}, ensure_ascii=False)
            for c in message.calls
        )
        parts.append("\n".join(["<tool_call>", *written, "</tool_call>"]))
    if said or not message.calls:
        parts.append(f"<response> {said} </response>")
    return "\n".join(parts)


def _tool(number: int, function: Mapping[str, Any]) -> str:
    parameters = (function.get("parameters") or {}).get("properties") or {}
    return (
        f"{number}. Name: {function['name']}\nDescription: {function.get('description', '')}\n"
        f"Parameters: {json.dumps(parameters, ensure_ascii=False)}"
    )
