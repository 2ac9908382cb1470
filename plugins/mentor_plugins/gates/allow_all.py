"""AllowAll: the gate that is always open."""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.component import Component
from mentor_core.contracts.env import ActionGate
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn

__all__ = ["AllowAll"]


class AllowAll(Component, ActionGate):
    """Lets every call run."""

    def refuse(self, call: Call, task: Task, turns: Sequence[Turn]) -> str | None:
        return None
