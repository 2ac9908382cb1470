"""Calls: check them against the tools, and play them as the reference of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import DataError, nearest
from mentor_core.tools.tool import Tool, ToolError

__all__ = ["check_calls", "play", "valid_arguments"]


def check_calls(calls: Sequence[Mapping[str, Any]], tools: Mapping[str, Tool], where: str) -> None:
    """Check that the tools take all calls, `{"name": …, "arguments": {…}}` each.

    Args:
        calls: the calls of a row's reference.
        tools: name → tool.
        where: file, row and key, for the start of messages.

    Raises:
        DataError: a call names no tool, or the tool does not take its arguments.
    """
    for index, call in enumerate(calls):
        tool = tools.get(call["name"])
        if tool is None:
            known = nearest(call["name"], tools)
            raise DataError(f"{where}.{index}: unknown tool {call['name']!r}{known}")
        try:
            tool.validate(call["arguments"])
        except ToolError as error:
            raise DataError(f"{where}.{index}: {error}") from None


def play(calls: Sequence[Mapping[str, Any]], closing: str) -> Expert:
    """Play the calls, one a turn whatever the results, then say `closing`."""
    for call in calls:
        yield "", [Call(call["name"], dict(call["arguments"]))]
    yield closing, []


def valid_arguments(tools: Mapping[str, Tool], call: Call) -> dict[str, Any] | None:
    """The arguments with their defaults; None if there is no such tool, or if it refuses them."""
    try:
        return tools[call.name].validate(call.arguments)
    except (KeyError, ToolError):
        return None
