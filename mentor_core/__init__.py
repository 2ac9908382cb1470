"""mentor: teach a small language model to use your tools as well as a large one does.

The names below are the public interface of the core; they are imported when first used, so
that `import mentor_core` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mentor_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from mentor_core.credit import Credit, Layout
    from mentor_core.env import ActionGate, Expert, ToolEnv
    from mentor_core.parsing import CallParser
    from mentor_core.policy import Policy
    from mentor_core.reward import Composed, Composer, RewardTerm, Scores
    from mentor_core.sampler import TaskSampler
    from mentor_core.source import TrajectorySource
    from mentor_core.task import Task
    from mentor_core.tool import Tool, ToolError
    from mentor_core.tracker import Tracker
    from mentor_core.trainer import Trained, Trainer
    from mentor_core.trajectory import Call, Trajectory, Turn

__version__ = "0.1.0"

_HOMES = {
    "ActionGate": "env",
    "Call": "trajectory",
    "CallParser": "parsing",
    "Composed": "reward",
    "Composer": "reward",
    "Credit": "credit",
    "Expert": "env",
    "Layout": "credit",
    "Policy": "policy",
    "RewardTerm": "reward",
    "Scores": "reward",
    "Task": "task",
    "TaskSampler": "sampler",
    "Tool": "tool",
    "ToolEnv": "env",
    "ToolError": "tool",
    "Tracker": "tracker",
    "Trained": "trainer",
    "Trainer": "trainer",
    "Trajectory": "trajectory",
    "TrajectorySource": "source",
    "Turn": "trajectory",
}
__all__ = [*sorted(_HOMES), "hookimpl"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mentor_core' has no attribute {name!r}")
    return getattr(importlib.import_module(f"mentor_core.{_HOMES[name]}"), name)
