"""mentor: teach a small language model to use your tools as well as a large one does.

The names below are the public interface of the core. They are the contracts that a plugin
implements, the types in their signatures, the errors, and trajectories on disk. Other modules may
change without notice. The names are imported when first used, so that `import mentor_core` stays
light.
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
    from mentor_core.contracts.learner import Critic, Judged, Learner
    from mentor_core.contracts.lessons import Lessons, PlayedGroup, Taught
    from mentor_core.contracts.objective import MicroBatch, Objective
    from mentor_core.contracts.parsing import CallParser, HermesParser, ParsedTurn
    from mentor_core.contracts.plan import Group, Plan, Start
    from mentor_core.contracts.policy import (
        Generation,
        Interrupted,
        Limits,
        Policy,
        Sampling,
        Session,
        Student,
    )
    from mentor_core.contracts.provenance import Provenance, Usage
    from mentor_core.contracts.record_format import RecordFormat
    from mentor_core.contracts.report import Report
    from mentor_core.contracts.reward import (
        Composed,
        Composer,
        Example,
        Floats,
        Need,
        RewardTerm,
        Scores,
        Worth,
    )
    from mentor_core.contracts.rows import RowKind, RowUse, uses_of
    from mentor_core.contracts.sampler import TaskSampler
    from mentor_core.contracts.source import TrajectorySource
    from mentor_core.contracts.spaces import Observation
    from mentor_core.contracts.task import Split, Task, TaskKey
    from mentor_core.contracts.teacher import Attempt, Classroom, RequestLog, Teacher
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
        RowError,
        RunError,
        ServerError,
        UnknownName,
    )
    from mentor_core.tools.renamed import Alias
    from mentor_core.tools.tool import Tool, ToolError

__version__ = "0.1.0"

_NAMES = {
    "contracts.chat": "Chat",
    "contracts.component": "Component Stateful",
    "contracts.credit": "Credit Layout",
    "contracts.domain": "Expert ToolDomain",
    "contracts.env": "ActionGate Pending ToolEnv",
    "contracts.lessons": "Lessons PlayedGroup Taught",
    "contracts.parsing": "CallParser HermesParser ParsedTurn",
    "contracts.learner": "Critic Judged Learner",
    "contracts.objective": "MicroBatch Objective",
    "contracts.plan": "Group Plan Start",
    "contracts.policy": "Generation Interrupted Limits Policy Sampling Session Student",
    "contracts.provenance": "Provenance Usage",
    "contracts.record_format": "RecordFormat",
    "contracts.report": "Report",
    "contracts.reward": "Composed Composer Example Floats Need RewardTerm Scores Worth",
    "contracts.rows": "RowKind RowUse uses_of",
    "contracts.sampler": "TaskSampler",
    "contracts.source": "TrajectorySource",
    "contracts.spaces": "Observation",
    "contracts.task": "Split Task TaskKey",
    "contracts.teacher": "Attempt Classroom RequestLog Teacher",
    "contracts.tracker": "Tracker",
    "contracts.trainer": "Trained Trainer",
    "contracts.trajectory": (
        "Call CallFailure EndReason Message ParseFailure Tokens Trajectory Turn "
        "iterate_trajectories read_trajectories write_trajectories"
    ),
    "support.errors": (
        "AmbiguousName ConfigError DataError MentorError ModelError PluginError RewardError "
        "RowError RunError ServerError UnknownName"
    ),
    "tools.renamed": "Alias",
    "tools.tool": "Tool ToolError",
}
"""Module → its public names."""
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = [*sorted(_HOMES), "hookimpl"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mentor_core' has no attribute {name!r}")
    return getattr(importlib.import_module(f"mentor_core.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
