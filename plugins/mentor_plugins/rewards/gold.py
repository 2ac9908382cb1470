"""Gold calls: the right calls of a task, from its metadata.

    metadata = {
        "calls": [{"name": "area", "arguments": {"base": 10, "height": 5}}],
        "functions": [{"name": "area", "parameters": {"type": "object", "properties": …}}],
    }

In place of `arguments` a gold call may have `acceptable`, a list of values for each argument
(BFCL's ground truth). An argument with `""` among its values may be left out. `"calls": []` says
that nothing should be called; a task without `calls` has no gold. `functions` are the tools'
schemas, as above or as `Tool.schema` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mentor_core.contracts.reward import Need
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_plugins.rewards.matching import succeeded

__all__ = ["Against", "Wanted", "functions_of", "gold_calls", "need_of", "wanted_calls"]

Against = Literal["reference", "gold"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that should be made.

    Attributes:
        arguments: the call's arguments; None if `acceptable` is given.
        acceptable: argument → acceptable values; None if `arguments` is given.
        key: the call's canonical form, if the environment declares one.
    """

    name: str
    arguments: Mapping[str, Any] | None = None
    acceptable: Mapping[str, Sequence[Any]] | None = None
    key: str | None = None

    @property
    def as_acceptable(self) -> dict[str, dict[str, Sequence[Any]]]:
        """The call as BFCL writes it; plain `arguments` become their own only acceptable values."""
        if self.acceptable is not None:
            return {self.name: dict(self.acceptable)}
        arguments = self.arguments or {}
        return {self.name: {key: [_listed(value)] for key, value in arguments.items()}}


def need_of(against: Against) -> Need:
    """The need of a term that compares with references, or with gold calls."""
    return "reference" if against == "reference" else "gold"


def gold_calls(task: Task) -> list[Wanted] | None:
    """The task's gold calls; None if the task has none.

    Raises:
        ValueError: `metadata["calls"]` is malformed; says how.
    """
    calls = task.metadata.get("calls")
    if calls is None:
        return None
    if not isinstance(calls, Sequence) or isinstance(calls, str):
        raise ValueError(f"metadata 'calls' of task {task.id!r} is not a list")
    return [_gold(task, call) for call in calls]


def functions_of(task: Task) -> Sequence[Mapping[str, Any]]:
    """The schemas of the task's tools; empty if its metadata has none."""
    found: Sequence[Mapping[str, Any]] = task.metadata.get("functions") or ()
    return found


def wanted_calls(
    against: Against, task: Task, references: Sequence[Trajectory]
) -> list[list[Wanted]]:
    """Acceptable lists of calls: the successful calls of each reference, or the gold calls."""
    if against == "gold":
        gold = gold_calls(task)
        return [] if gold is None else [gold]
    return [
        [Wanted(call.name, call.arguments, key=call.key) for call in succeeded(reference)]
        for reference in references
    ]


def _gold(task: Task, call: Any) -> Wanted:
    if isinstance(call, Mapping) and isinstance(call.get("name"), str):
        arguments, acceptable = call.get("arguments"), call.get("acceptable")
        if isinstance(acceptable, Mapping) and all(
            isinstance(v, list) for v in acceptable.values()
        ):
            return Wanted(call["name"], acceptable=acceptable, key=call.get("key"))
        if isinstance(arguments, Mapping):
            return Wanted(call["name"], arguments, key=call.get("key"))
    raise ValueError(
        f"metadata 'calls' of task {task.id!r}: {call!r} is not a gold call; expected a name, and "
        "arguments or acceptable (a list of values for each argument)"
    )


def _listed(value: Any) -> Any:
    """A value as BFCL writes acceptable ones: keys of objects hold lists."""
    if isinstance(value, dict):
        return {key: [item] for key, item in value.items()}
    if isinstance(value, list):
        return [_listed(item) if isinstance(item, dict) else item for item in value]
    return value
