"""Inspect: samples of logs of the evaluation framework Inspect, in their JSON form.

    {"id": 7, "epoch": 1, "messages": […], "scores": {"NAME": {"value": "C"}}}

A log is one JSON object, whose list `samples` has the rows: `inspect log convert --to json`, then
`jq -c '.samples[]'`. https://inspect.aisi.org.uk/eval-logs.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import RowError
from mentor_core.support.scalars import as_float
from mentor_plugins.record_formats.conversation import ChatMessage
from mentor_plugins.record_formats.openai import Openai

__all__ = ["Inspect"]

_VALUES = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
"""Correct, incorrect, partial, no answer."""


class Inspect(Openai):
    """Inspect's samples: a call is `{"function": NAME, "arguments": {…}}`, a score C, I, P or N.

    The outcome is the sample's score. If there are several, `scorer` says which one counts.
    """

    own_task_field: ClassVar[str] = "id"

    scorer: str | None = Field(
        None, description="the score that is the outcome, if a sample has several"
    )

    def read(self, row: Mapping[str, Any]) -> Trajectory:
        return super().read({**row, "outcome": self._outcome(row)})

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        messages = row.get("messages")
        if not isinstance(messages, list):
            raise RowError("messages is not a list")
        return super().parse({"messages": [_renamed(message) for message in messages]})

    def write(self, trajectory: Trajectory, tools: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        row = super().write(trajectory, tools)
        for message in row["messages"]:
            for call in message.get("tool_calls", ()):
                function = call.pop("function")
                call["function"] = function["name"]
                call["arguments"] = json.loads(function["arguments"])
            message["content"] = message["content"] or ""
        outcome = row.pop("outcome", None)
        if outcome is not None:
            row["scores"] = {self.scorer or "verify": {"value": outcome}}
        return row

    def _outcome(self, row: Mapping[str, Any]) -> float | None:
        scores = row.get("scores")
        if not isinstance(scores, dict) or not scores:
            return None
        if self.scorer is None and len(scores) > 1:
            raise RowError("several scores: set the option scorer")
        score = next(iter(scores.values())) if self.scorer is None else scores.get(self.scorer)
        value = score.get("value") if isinstance(score, dict) else None
        if isinstance(value, str):
            return _VALUES.get(value)
        return as_float(value)


def _renamed(message: Any) -> Any:
    """A message with calls as chat completions have them."""
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(calls, list):
        return message
    renamed = [
        {**call, "function": {"name": call.get("function"), "arguments": call.get("arguments")}}
        if isinstance(call, dict)
        else call
        for call in calls
    ]
    return {**message, "tool_calls": renamed}
