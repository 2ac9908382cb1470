"""mentor: teach a small language model to use your tools as well as a large one does.

The names below are the public interface of the core: the contracts that a plugin implements, the
types in their signatures, the errors, and trajectories on disk. Other modules may change without
notice. The names are imported when first used, so that `import mentor_core` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mentor_core.door.hookspecs import hookimpl

if TYPE_CHECKING:
    from mentor_core.contracts.chat import Chat
    from mentor_core.contracts.component import Component, Stateful
    from mentor_core.contracts.credit import Credit, Layout
    from mentor_core.contracts.domain import Expert, ToolDomain
    from mentor_core.contracts.env import ActionGate, Pending, ToolEnv
    from mentor_core.contracts.parsing import CallParser, HermesParser, ParsedTurn
    from mentor_core.contracts.policy import (
        Generation,
        Interrupted,
        Limits,
        Policy,
        Sampling,
        Session,
        Student,
    )
    from mentor_core.contracts.reward import (
        Composed,
        Composer,
        Example,
        Floats,
        Need,
        RewardTerm,
        Scores,
    )
    from mentor_core.contracts.sampler import TaskSampler
    from mentor_core.contracts.source import TrajectorySource
    from mentor_core.contracts.spaces import Observation
    from mentor_core.contracts.task import Split, Task, TaskKey
    from mentor_core.contracts.tracker import Tracker
    from mentor_core.contracts.trainer import Trained, Trainer
    from mentor_core.contracts.trajectory import (
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
    from mentor_core.support.errors import (
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
    from mentor_core.tools.tool import Tool, ToolError

__version__ = "0.1.0"

_HOMES = {
    "ActionGate": "contracts.env",
    "AmbiguousName": "support.errors",
    "Call": "contracts.trajectory",
    "CallFailure": "contracts.trajectory",
    "CallParser": "contracts.parsing",
    "Chat": "contracts.chat",
    "Component": "contracts.component",
    "Composed": "contracts.reward",
    "Composer": "contracts.reward",
    "ConfigError": "support.errors",
    "Credit": "contracts.credit",
    "DataError": "support.errors",
    "EndReason": "contracts.trajectory",
    "Example": "contracts.reward",
    "Expert": "contracts.domain",
    "Floats": "contracts.reward",
    "Generation": "contracts.policy",
    "HermesParser": "contracts.parsing",
    "Interrupted": "contracts.policy",
    "Layout": "contracts.credit",
    "Limits": "contracts.policy",
    "MentorError": "support.errors",
    "Message": "contracts.trajectory",
    "ModelError": "support.errors",
    "Need": "contracts.reward",
    "Observation": "contracts.spaces",
    "ParseFailure": "contracts.trajectory",
    "ParsedTurn": "contracts.parsing",
    "Pending": "contracts.env",
    "PluginError": "support.errors",
    "Policy": "contracts.policy",
    "RewardError": "support.errors",
    "RewardTerm": "contracts.reward",
    "RunError": "support.errors",
    "Sampling": "contracts.policy",
    "Scores": "contracts.reward",
    "ServerError": "support.errors",
    "Session": "contracts.policy",
    "Split": "contracts.task",
    "Stateful": "contracts.component",
    "Student": "contracts.policy",
    "Task": "contracts.task",
    "TaskKey": "contracts.task",
    "TaskSampler": "contracts.sampler",
    "Tokens": "contracts.trajectory",
    "Tool": "tools.tool",
    "ToolDomain": "contracts.domain",
    "ToolEnv": "contracts.env",
    "ToolError": "tools.tool",
    "Tracker": "contracts.tracker",
    "Trained": "contracts.trainer",
    "Trainer": "contracts.trainer",
    "Trajectory": "contracts.trajectory",
    "TrajectorySource": "contracts.source",
    "Turn": "contracts.trajectory",
    "UnknownName": "support.errors",
    "iterate_trajectories": "contracts.trajectory",
    "read_trajectories": "contracts.trajectory",
    "write_trajectories": "contracts.trajectory",
}
__all__ = [*sorted(_HOMES), "hookimpl"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mentor_core' has no attribute {name!r}")
    return getattr(importlib.import_module(f"mentor_core.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
