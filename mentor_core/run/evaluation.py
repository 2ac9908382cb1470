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
from mentor_core.play.evaluate import (
    Summary,
    by_environment,
    evaluation_starts,
    play,
    summarise,
)
from mentor_core.play.progress_bar import bar
from mentor_core.play.rollout import Start
from mentor_core.run.parts import Parts
from mentor_core.support.redaction import hide

__all__ = ["Evaluation", "Summaries"]

Summaries = dict[str, dict[str, Summary]]
"""Split, or split/environment → who was evaluated → figures."""


def _player(parts: Parts) -> Provenance:
    """Who plays an evaluation: the run's model, or the one that the policy's options name."""
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
        parts: of the run.
        player: plays.
        executor: runs the tools.
        console: shows the progress.

    Attributes:
        summaries: the figures of each split, and of each environment in it if there are several.
    """

    def __init__(
        self, parts: Parts, player: Policy, executor: ToolExecutor, console: Console
    ) -> None:
        self.parts, self.player, self.console = parts, player, console
        self.rollout = parts.rollout(player, executor, _player(parts))
        self.summaries: Summaries = {}

    def prepare(self, student: Student | None) -> None:
        """Hand the player its model; again if the model has changed."""
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
            label: what to call them beside the bar.
            on_end: called with each trajectory as it ends.
        """
        at_once = self.parts.config.rollout.episodes
        with bar(self.console, label, len(starts), at_once=at_once) as shown:

            def ended(trajectory: Trajectory) -> None:
                on_end(trajectory)
                shown.advance()

            return play(self.rollout, starts, ended)

    def add(self, split: Split, who: str, played: Sequence[Trajectory]) -> None:
        """Take the figures of a split; none if nothing was played."""
        if played:
            for key, own in by_environment(split, played, [*self.parts.domains]).items():
                self.summaries.setdefault(key, {})[who] = summarise(own)

    def close(self) -> None:
        """Close the environments and the executor."""
        self.rollout.close()
