"""HubTrace: sessions that the trace viewer of the Hugging Face Hub shows.

The Hub's Session Trace Simple Format: a line for the session, then a line for each message.
https://huggingface.co/docs/hub/session-traces-format
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from mentor_core.contracts.parsing import THINKING
from mentor_core.contracts.record_format import RecordFormat
from mentor_core.contracts.trajectory import Trajectory, format_trajectory
from mentor_core.support.errors import RowError
from mentor_plugins.record_formats.conversation import ChatMessage, messages_of
from mentor_toolkit.scripts import said_in

__all__ = ["HubTrace"]


class HubTrace(RecordFormat):
    """Sessions for the trace viewer of the Hugging Face Hub, a file each; written only."""

    holds: ClassVar[tuple[str, ...]] = ()
    session_files: ClassVar[bool] = True

    harness: str = Field("mentor", description="the program that the session names")

    def read(self, row: Mapping[str, Any]) -> Trajectory:
        raise RowError("a line of a session is no trajectory: this format is written only")

    def write(
        self, trajectory: Trajectory, tools: Sequence[dict[str, Any]] = ()
    ) -> list[dict[str, Any]]:
        digest = hashlib.blake2b(format_trajectory(trajectory).encode(), digest_size=8)
        session: dict[str, Any] = {
            "type": "session",
            "harness": self.harness,
            "id": trajectory.id or digest.hexdigest(),
            "name": f"{trajectory.env} {trajectory.task_id}".strip(),
            "source": trajectory.source,
            "end": trajectory.end,
            "outcome": trajectory.outcome,
        }
        return [session, *map(_line, messages_of(trajectory))]


def _line(message: ChatMessage) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.role == "assistant":
        said = said_in(message.content)
        thinking = message.content.removesuffix(said)
        for mark in (mark for pair in THINKING for mark in pair):
            thinking = thinking.replace(mark, "")
        if thinking.strip():
            written |= {"content": said, "reasoningContent": thinking.strip()}
    if message.call_id:
        written["toolCallId"] = message.call_id
    if message.calls:
        written["toolCalls"] = [
            {
                "id": identity,
                "function": {
                    "name": call.name,
                    "arguments": json.dumps(call.arguments, ensure_ascii=False),
                },
            }
            for identity, call in zip(message.ids, message.calls, strict=True)
        ]
    return {"type": "message", "message": written}
