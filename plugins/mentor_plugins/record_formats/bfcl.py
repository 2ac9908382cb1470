"""Bfcl: possible answers of the Berkeley Function-Calling Leaderboard.

    {"id": "simple_python_0", "ground_truth": [{"area": {"base": [10], "unit": ["cm", ""]}}]}
    {"id": "multi_turn_base_0", "ground_truth": [["cd(folder='document')"], ["ls()"]]}

The first acceptable value of an argument counts; if this value is empty, the argument is left out.
`question` and `function`, which the leaderboard keeps in another file, are read if they are in the
row. https://gorilla.cs.berkeley.edu/leaderboard.html
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from mentor_core.contracts.trajectory import Call, EndReason, Turn
from mentor_core.support.errors import DataError, RowError
from mentor_plugins.record_formats.conversation import ChatMessage, ConversationFormat
from mentor_plugins.record_formats.values import as_list, as_object, call_from, text_of, tool_names

__all__ = ["Bfcl"]


class Bfcl(ConversationFormat):
    """Possible answers of BFCL: calls alone, without texts and results."""

    own_task_field: ClassVar[str] = "id"
    holds: ClassVar[tuple[str, ...]] = (
        *("task_id", "env", "outcome", "prompt", "tools", "end", "answer"),
        *("turns.calls.name", "turns.calls.arguments", "turns.observation"),
    )

    function_docs: Path | None = Field(
        None, description="folder of `multi_turn_func_doc`: names of positional arguments"
    )

    def ending(self, last: Turn) -> tuple[EndReason | None, str | None]:
        return None, None

    def names(self, row: Mapping[str, Any]) -> list[str]:
        return tool_names(row.get("function"))

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        truth = as_list(row.get("ground_truth"), "ground_truth")
        asked = [_asked(turn) for turn in as_list(row.get("question") or [], "question")]
        if not truth:
            raise RowError("ground_truth has no call")
        if all(isinstance(each, dict) for each in truth):
            calls = [_possible(name, allowed) for each in truth for name, allowed in each.items()]
            answered = [ChatMessage("assistant", "", calls)]
        else:
            parameters = {**self._documented, **_parameters(row.get("function") or [])}
            answered = [
                ChatMessage("assistant", "", [_python(call, parameters) for call in turn])
                for turn in (as_list(turn, "a turn of ground_truth") for turn in truth)
            ]
        if len(asked) > len(answered):
            raise RowError("question has more turns than ground_truth")
        asked += [[]] * (len(answered) - len(asked))
        return [m for said, turn in zip(asked, answered, strict=True) for m in (*said, turn)]

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        question: list[list[dict[str, str]]] = [[]]
        turns: list[list[Call]] = []
        for message in messages:
            if message.role == "assistant":
                turns.append(message.calls)
                question.append([])
            elif message.role != "tool":
                question[-1].append({"role": message.role, "content": message.content})
        if question.pop() or not turns:
            raise RowError("the last message is not the assistant's")
        row: dict[str, Any] = {"question": question}
        if len(turns) == 1 and turns[0]:
            row["ground_truth"] = [
                {c.name: {k: [_allowed(v)] for k, v in c.arguments.items()}} for c in turns[0]
            ]
        else:
            row["ground_truth"] = [[_source(call) for call in turn] for turn in turns]
        return row | ({"function": [tool["function"] for tool in tools]} if tools else {})

    @cached_property
    def _documented(self) -> dict[str, list[str]]:
        """Function → its parameters in order, from the files in `function_docs`."""
        found: dict[str, list[str]] = {}
        paths = sorted(self.function_docs.glob("*.json")) if self.function_docs else []
        if self.function_docs and not paths:
            raise DataError(f"{self.function_docs}: no folder with .json files of function docs")
        for path in paths:
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
                found |= _parameters([json.loads(line) for line in lines if line.strip()])
            except (OSError, ValueError, RowError) as error:
                raise DataError(f"{path}: cannot be read: {error}") from error
        return found


def _asked(turn: Any) -> list[ChatMessage]:
    given = [as_object(message, "a message of question") for message in as_list(turn, "question")]
    if any(message.get("role") not in ("system", "user") for message in given):
        raise RowError("a message of question is neither the user's nor the system's")
    return [ChatMessage(message["role"], text_of(message.get("content"))) for message in given]


def _parameters(functions: Any) -> dict[str, list[str]]:
    described = [as_object(f, "a function") for f in as_list(functions, "function")]
    return {
        str(function.get("name")): list((function.get("parameters") or {}).get("properties") or {})
        for function in described
    }


def _possible(name: str, allowed: Any) -> Call:
    arguments = {}
    for key, values in as_object(allowed, "a function's arguments").items():
        first = as_list(values, "an argument's possible values")
        if not first:
            raise RowError("an argument has no possible value")
        if first[0] != "" or len(first) == 1:
            arguments[key] = _first(first[0])
    return call_from(name, arguments)


def _first(value: Any) -> Any:
    """A possible value, in which each object again has lists of possible values."""
    if isinstance(value, dict):
        return _possible("-", value).arguments
    return [_first(each) for each in value] if isinstance(value, list) else value


def _allowed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: [_allowed(each)] for key, each in value.items()}
    return [_allowed(each) for each in value] if isinstance(value, list) else value


def _python(source: Any, parameters: Mapping[str, Sequence[str]]) -> Call:
    """The call that Python source writes, with literals as arguments."""
    try:
        node = ast.parse(source.strip(), mode="eval").body
        if not isinstance(node, ast.Call):
            raise TypeError
        name = ast.unparse(node.func)
        keys = parameters.get(name, ())
        if len(node.args) > len(keys):
            raise RowError("positional arguments whose names are not known: give function_docs")
        given = [*zip(keys, node.args, strict=False), *((k.arg, k.value) for k in node.keywords)]
        return call_from(name, {str(key): ast.literal_eval(value) for key, value in given})
    except (AttributeError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        raise RowError("a call of ground_truth is not a Python call with literals") from None


def _source(call: Call) -> str:
    written = ", ".join(f"{key}={value!r}" for key, value in call.arguments.items())
    source = f"{call.name}({written})"
    try:
        same = _python(source, {}) == Call(call.name, call.arguments)
    except RowError:
        same = False
    if not same:
        raise RowError("a call of several turns cannot be written as Python")
    return source
