"""Repeated: a call that the episode has made often enough is refused, and the policy reads why."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from mentor_core.contracts.env import ActionGate
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn

__all__ = ["Repeated"]


class Repeated(ActionGate):
    """Refuses a call if the turns before have `most` calls of the same tool and arguments.

    With `failed`, only earlier calls that failed count. A tool whose result changes, such as a next
    page, may then be called again. Calls that the gate refused count as failed.
    """

    most: int = Field(1, ge=1, description="equal calls that may be executed")
    failed: bool = Field(True, description="count only earlier calls that failed")

    def refuse(self, call: Call, task: Task, turns: Sequence[Turn]) -> str | None:
        made = [
            earlier
            for turn in turns
            for earlier in turn.calls
            if (earlier.name, earlier.arguments) == (call.name, call.arguments)
            and (earlier.failure is not None or not self.failed)
        ]
        if len(made) < self.most:
            return None
        said = "failed before" if self.failed else f"was made {len(made)} times before"
        return f"the same call {said}; try another tool or other arguments"
