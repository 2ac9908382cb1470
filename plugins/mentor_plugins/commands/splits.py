"""Evaluation: one policy plays a run's evaluation tasks, in `mentor run` and `mentor eval`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from rich.console import Console

from mentor_core.contracts.execution import ToolExecutor
from mentor_core.contracts.policy import Policy, Sampling, Student
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.task import Split
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.rollout import Start
from mentor_core.support.redaction import hide
from mentor_runs.assembly.parts import Parts
from mentor_runs.evaluation.summary import (
    Summary,
    by_environment,
    evaluation_starts,
    play,
    summarise,
)
from mentor_toolkit.progress_bar import bar

__all__ = ["Evaluation", "Summaries"]

Summaries = dict[str, dict[str, Summary]]
"""Split, split/environment or ood/shift → evaluated policy → figures."""


def _player(parts: Parts) -> Provenance:
    """The player of an evaluation: the run's model, or the model in the policy's options."""
    config, evaluate = parts.config, parts.config.evaluate
    options = evaluate.policy_options
    server = options.get("base_url")
    return Provenance(
        evaluate.policy,
        str(options.get("model", config.model)),
        server=hide(str(server)) if server else None,
        sampling=asdict(Sampling(evaluate.temperature)),
    )


class Evaluation:
    """Plays the evaluation tasks, split by split, and keeps the figures.

    Args:
        parts: the run's parts.
        player: the policy to evaluate.
        executor: runs the tools.
        console: shows the progress.

    Attributes:
        summaries: the figures of each split, of each environment in it if there are several, and of
            each shift in the split `ood`.
    """

    def __init__(
        self, parts: Parts, player: Policy, executor: ToolExecutor, console: Console
    ) -> None:
        self.parts, self.player, self.console = parts, player, console
        self.rollout = parts.rollout(player, executor, _player(parts))
        self.summaries: Summaries = {}

    def prepare(self, student: Student | None) -> None:
        """Give the player its model; called again if the model has changed."""
        if student is not None:
            student.model.eval()
        temperature = self.parts.config.evaluate.temperature
        self.player.prepare(student, Sampling(temperature), self.parts.limits)

    def starts(self, split: Split) -> list[Start]:
        """The episodes of a split; the same before and after training."""
        config = self.parts.config
        tasks = self.parts.evaluation_tasks(split)
        return evaluation_starts(tasks, config.evaluate.samples, config.seed)

    def play(
        self, label: str, starts: Sequence[Start], on_end: Callable[[Trajectory], None]
    ) -> list[Trajectory]:
        """Play episodes of a split.

        Args:
            label: name of the episodes beside the bar.
            on_end: called with each trajectory as it ends.
        """
        at_once = self.parts.config.rollout.episodes
        with bar(self.console, label, len(starts), at_once=at_once) as shown:

            def ended(trajectory: Trajectory) -> None:
                on_end(trajectory)
                shown.advance()

            return play(self.rollout, starts, ended)

    def add(self, split: Split, who: str, played: Sequence[Trajectory]) -> None:
        """Add the figures of a split; none if nothing was played."""
        if played:
            for key, own in self.groups(split, played).items():
                self.summaries.setdefault(key, {})[who] = summarise(own)

    def groups(self, split: Split, played: Sequence[Trajectory]) -> dict[str, list[Trajectory]]:
        """Rows of a report → their episodes.

        Rows are the split, SPLIT/ENVIRONMENT if there are several, and ood/SHIFT for each shift.
        """
        found = {
            key: list(own)
            for key, own in by_environment(split, played, [*self.parts.domains]).items()
        }
        if split != "ood":
            return found
        of = {task.key: task.split for task in self.parts.evaluation_tasks(split)}
        shifts = dict.fromkeys(shift for shift in of.values() if shift != split)
        return found | {
            f"{split}/{shift}": own
            for shift in shifts
            if (own := [t for t in played if of.get(t.task_key) == shift])
        }

    def close(self) -> None:
        """Close the environments and the executor."""
        self.rollout.close()
