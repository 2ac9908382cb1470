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

if TYPE_CHECKING:  # with stars, as strict type checkers take other imports for private
    from mentor_core.contracts.chat import *
    from mentor_core.contracts.component import *
    from mentor_core.contracts.credit import *
    from mentor_core.contracts.domain import *
    from mentor_core.contracts.env import *
    from mentor_core.contracts.learner import *
    from mentor_core.contracts.lessons import *
    from mentor_core.contracts.objective import *
    from mentor_core.contracts.parsing import *
    from mentor_core.contracts.plan import *
    from mentor_core.contracts.policy import *
    from mentor_core.contracts.provenance import *
    from mentor_core.contracts.record_format import *
    from mentor_core.contracts.report import *
    from mentor_core.contracts.reward import *
    from mentor_core.contracts.rows import *
    from mentor_core.contracts.sampler import *
    from mentor_core.contracts.source import *
    from mentor_core.contracts.spaces import *
    from mentor_core.contracts.task import *
    from mentor_core.contracts.teacher import *
    from mentor_core.contracts.tracker import *
    from mentor_core.contracts.trainer import *
    from mentor_core.contracts.trajectory import *
    from mentor_core.support.errors import AmbiguousName as AmbiguousName
    from mentor_core.support.errors import ConfigError as ConfigError
    from mentor_core.support.errors import DataError as DataError
    from mentor_core.support.errors import MentorError as MentorError
    from mentor_core.support.errors import ModelError as ModelError
    from mentor_core.support.errors import PluginError as PluginError
    from mentor_core.support.errors import RewardError as RewardError
    from mentor_core.support.errors import RowError as RowError
    from mentor_core.support.errors import RunError as RunError
    from mentor_core.support.errors import ServerError as ServerError
    from mentor_core.support.errors import UnknownName as UnknownName
    from mentor_core.tools.renamed import *
    from mentor_core.tools.tool import *

__version__ = "0.1.0"

_NAMES = {
    "contracts.chat": "Chat",
    "contracts.component": "Component Stateful",
    "contracts.credit": "Credit Layout",
    "contracts.domain": "Expert ToolDomain",
    "contracts.env": "ActionGate Judge Pending ToolEnv",
    "contracts.lessons": "Lessons Likelihood PlayedGroup References Taught",
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
    "contracts.tracker": "Metrics Tracker",
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
