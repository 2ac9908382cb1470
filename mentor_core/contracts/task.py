"""Task: one question for an environment, and the answer the policy never sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["SPLITS", "Split", "Task", "TaskKey"]

Split = str
"""train, eval, ood, or a shift of the environment: see `ToolDomain.shifts`."""
SPLITS: tuple[Split, ...] = ("train", "eval", "ood")
"""The splits of every environment; together these have all of an environment's tasks."""
TaskKey = tuple[str, str]
"""Environment and task id, which tell a task from all others."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of one environment.

    Attributes:
        id: unique within its environment and stable from run to run.
        env: name under which the environment is registered.
        prompt: the user's message to the policy.
        answer: the right answer, for `ToolEnv.verify`; None if the environment verifies by its own
            state. The policy never sees the answer.
        split: train, eval (same distribution), the shift of the task, or ood (out of distribution,
            and of no shift in particular).
        metadata: data that the environment needs to set the task up or to solve it.
    """

    id: str
    env: str
    prompt: str
    answer: Any = None
    split: Split = "train"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> TaskKey:
        """The key that tells this task from all others, in other environments, too."""
        return self.env, self.id
