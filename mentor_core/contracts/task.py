"""Task: one question for an environment, and the answer the policy never sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["SPLITS", "Split", "Task", "TaskKey"]

Split = str
"""train, eval, ood, or a shift of the environment: see `ToolDomain.shifts`."""
SPLITS: tuple[Split, ...] = ("train", "eval", "ood")
"""The splits of every environment; together they have all of its tasks."""
TaskKey = tuple[str, str]
"""Environment and task id: what tells a task from all others."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of one environment.

    Attributes:
        id: unique within its environment and stable from run to run.
        env: name under which the environment is registered.
        prompt: what the policy is asked, as the user's message.
        answer: what `ToolEnv.verify` compares with; None where the environment verifies by its
            own state. It never reaches the policy.
        split: train, eval (same distribution), the shift that the task is of, or ood (out of
            distribution, and of no shift in particular).
        metadata: anything the environment needs to set the task up or to solve it.
    """

    id: str
    env: str
    prompt: str
    answer: Any = None
    split: Split = "train"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> TaskKey:
        """What tells this task from all others, those of other environments among them."""
        return self.env, self.id
