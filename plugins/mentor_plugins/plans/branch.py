"""Branch: whole groups that begin just before a turn at which the student went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from mentor_core.contracts.plan import Group, Plan, Start
from mentor_core.contracts.rows import RowKind
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory, format_trajectory, parse_trajectory
from mentor_toolkit.calls import first_difference

__all__ = ["Branch"]


class Branch(Plan):
    """Some groups play on from a node: the student's own turns before its first mistake.

    One group in `every` begins at a node of an earlier batch's failed episode, with that episode's
    task in place of the chosen one. The replayed turns carry no loss. All episodes of a group begin
    at the same node, so their rewards compare. The latest node is used first, and each node once.

    Source: THOR (arXiv 2509.13761), section 3.2: step-level branches before failed tool calls. A
    node's branches need a group of their own: in the root's group the gradient of the first turn is
    biased. Different from the source, a node waits for the next batch, so it is one step older.
    """

    gives: ClassVar[frozenset[RowKind]] = frozenset({"sampled", "continued"})
    hears: ClassVar[bool] = True

    every: int = Field(4, ge=1, description="one group in so many begins at a node")
    at: Literal["failed_call", "difference"] = Field(
        "failed_call",
        description="the mistake: the first turn with a failed call, or the first turn with other "
        "calls than the task's nearest reference",
    )
    most: int = Field(64, ge=1, description="most nodes that wait")

    _tasks: Mapping[TaskKey, Task] = PrivateAttr(default_factory=dict)
    _references: dict[TaskKey, Sequence[Trajectory]] = PrivateAttr(default_factory=dict)
    _nodes: list[tuple[int, Trajectory]] = PrivateAttr(default_factory=list)

    def start(self, tasks: Mapping[TaskKey, Task]) -> None:
        self._tasks = tasks

    def starts(self, group: Group) -> list[Start]:
        self._references[group.task.key] = group.references
        if group.index % self.every != self.every - 1 or not self._nodes:
            return group.starts()
        turns, node = self._nodes.pop()
        task = self._tasks[node.task_key]
        return [Start(task, seed, group.index, node, turns) for seed in group.seeds]

    def hear(self, played: Sequence[Trajectory]) -> None:
        found: dict[TaskKey, tuple[int, Trajectory]] = {}
        for trajectory in played:
            turns = self._turns_before_mistake(trajectory)
            deepest = found.get(trajectory.task_key, (0, trajectory))[0]
            if turns > deepest and trajectory.task_key in self._tasks:
                found[trajectory.task_key] = turns, trajectory
        self._nodes = [*self._nodes, *found.values()][-self.most :]
        self._references.clear()

    def _turns_before_mistake(self, own: Trajectory) -> int:
        """0: there is no node in the episode, or the mistake is in its first turn."""
        verified = own.outcome is not None and own.end != "error" and own.tokens is not None
        if not verified or own.outcome == 1.0 or own.replayed:
            return 0
        if self.at == "difference":
            nearest = first_difference(own, self._references.get(own.task_key, ()))
            return nearest[0] if nearest is not None else 0
        failed = (n for n, turn in enumerate(own.turns) if any(c.failure for c in turn.calls))
        return next(failed, 0)

    def state(self) -> dict[str, Any]:
        return {"nodes": [[turns, format_trajectory(node)] for turns, node in self._nodes]}

    def restore(self, state: dict[str, Any]) -> None:
        nodes = [(turns, parse_trajectory(line, "node")) for turns, line in state.get("nodes", [])]
        self._nodes = [(turns, node) for turns, node in nodes if node.task_key in self._tasks]
