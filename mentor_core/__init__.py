"""mentor: teach a small language model to use your tools as well as a large one does.

The names below are the public interface of the core: the contracts that a plugin implements, the
types in their signatures, the errors, and trajectories on disk. Other modules may change without
notice. The names are imported when first used, so that `import mentor_core` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mentor_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from mentor_core.chat import ChatFormat
    from mentor_core.component import Component, Stateful
    from mentor_core.credit import Credit, Layout
    from mentor_core.env import ActionGate, Expert, Pending, ToolEnv
    from mentor_core.errors import (
        AmbiguousName,
        ConfigError,
        DataError,
        MentorError,
        ModelError,
        PluginError,
        RewardError,
        RunError,
        ServerError,
        UnknownName,
    )
    from mentor_core.parsing import CallParser, HermesParser, ParsedTurn
    from mentor_core.policy import (
        Generation,
        Interrupted,
        Limits,
        Policy,
        Sampling,
        Session,
        Student,
    )
    from mentor_core.reward import Composed, Composer, Example, Floats, Need, RewardTerm, Scores
    from mentor_core.sampler import TaskSampler
    from mentor_core.source import TrajectorySource
    from mentor_core.spaces import Observation
    from mentor_core.task import Split, Task, TaskKey
    from mentor_core.tool import Tool, ToolError
    from mentor_core.tracker import Tracker
    from mentor_core.trainer import Trained, Trainer
    from mentor_core.trajectory import (
        Call,
        CallFailure,
        EndReason,
        Message,
        ParseFailure,
        Tokens,
        Trajectory,
        Turn,
        iterate_trajectories,
        read_trajectories,
        write_trajectories,
    )

__version__ = "0.1.0"

_HOMES = {
    "ActionGate": "env",
    "AmbiguousName": "errors",
    "Call": "trajectory",
    "CallFailure": "trajectory",
    "CallParser": "parsing",
    "ChatFormat": "chat",
    "Component": "component",
    "Composed": "reward",
    "Composer": "reward",
    "ConfigError": "errors",
    "Credit": "credit",
    "DataError": "errors",
    "EndReason": "trajectory",
    "Example": "reward",
    "Expert": "env",
    "Floats": "reward",
    "Generation": "policy",
    "HermesParser": "parsing",
    "Interrupted": "policy",
    "Layout": "credit",
    "Limits": "policy",
    "MentorError": "errors",
    "Message": "trajectory",
    "ModelError": "errors",
    "Need": "reward",
    "Observation": "spaces",
    "ParseFailure": "trajectory",
    "ParsedTurn": "parsing",
    "Pending": "env",
    "PluginError": "errors",
    "Policy": "policy",
    "RewardError": "errors",
    "RewardTerm": "reward",
    "RunError": "errors",
    "Sampling": "policy",
    "Scores": "reward",
    "ServerError": "errors",
    "Session": "policy",
    "Split": "task",
    "Stateful": "component",
    "Student": "policy",
    "Task": "task",
    "TaskKey": "task",
    "TaskSampler": "sampler",
    "Tokens": "trajectory",
    "Tool": "tool",
    "ToolEnv": "env",
    "ToolError": "tool",
    "Tracker": "tracker",
    "Trained": "trainer",
    "Trainer": "trainer",
    "Trajectory": "trajectory",
    "TrajectorySource": "source",
    "Turn": "trajectory",
    "UnknownName": "errors",
    "iterate_trajectories": "trajectory",
    "read_trajectories": "trajectory",
    "write_trajectories": "trajectory",
}
__all__ = [*sorted(_HOMES), "hookimpl"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mentor_core' has no attribute {name!r}")
    return getattr(importlib.import_module(f"mentor_core.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
