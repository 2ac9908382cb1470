"""Explainer: the score that each term of a run's reward gives an episode, and the reason for it.

The run's tasks and terms are made again from its settings. Terms that ask a server are left out, as
nobody has agreed to pay twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mentor_core.contracts.reward import Example, RewardTerm
from mentor_core.contracts.task import SPLITS, Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import RewardError
from mentor_core.support.user_code import reason
from mentor_lab.scoring import task_of
from mentor_runs.assembly.assemble import assemble
from mentor_runs.assembly.reward import apply_term
from mentor_runs.directory.run_directory import RunDirectory

__all__ = ["Explainer"]


class Explainer:
    """Scores and explains episodes of one run.

    Args:
        run: the run's directory.
        references: task → verified references.

    Attributes:
        asks: names of the terms that are left out because they ask a server.

    Raises:
        MentorError: the run's environment or reward cannot be made; gives the reason.
    """

    def __init__(self, run: Path, references: Mapping[TaskKey, Sequence[Trajectory]]) -> None:
        parts = assemble(RunDirectory.open(run).config)
        self.references = references
        self.asks = [name for name, term in parts.reward.terms.items() if term.asks_server]
        self.terms: dict[str, RewardTerm] = {
            name: term for name, term in parts.reward.terms.items() if name not in self.asks
        }
        self.tasks: dict[TaskKey, Task] = {}
        for domain in parts.domains.values():
            try:
                self.tasks |= {task.key: task for split in SPLITS for task in domain.tasks(split)}
            finally:
                domain.env.close()  # it may have begun a server

    def scores(self, trajectory: Trajectory) -> dict[str, float | None]:
        """Term → score; None if the term does not score the episode, or failed."""
        found: dict[str, float | None] = {}
        example = self._example(trajectory)
        for name, term in self.terms.items():
            try:
                found[name], _ = apply_term(name, term, example, turns=False)
            except RewardError:  # `explain` says so, of this episode
                found[name] = None
        return found

    def explain(self, trajectory: Trajectory) -> dict[str, list[str]]:
        """Term → lines that explain the term's score; the first line is about the whole episode."""
        example = self._example(trajectory)
        found = {}
        for name, term in self.terms.items():
            try:
                found[name] = term.explain(example.trajectory, example.task, example.references)
            except Exception as error:  # noqa: BLE001 - a term's bug is told, the page goes on
                found[name] = [f"the term failed: {reason(error)}"]
        return found

    def _example(self, trajectory: Trajectory) -> Example:
        task = self.tasks.get(trajectory.task_key) or task_of(trajectory)
        return Example(trajectory, task, self.references.get(trajectory.task_key, []))
