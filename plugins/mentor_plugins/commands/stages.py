"""A stage of a run's training: from its last checkpoint to a student that is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console

from mentor_core.contracts.policy import Policy, Student
from mentor_core.contracts.task import Task
from mentor_core.contracts.tracker import Metrics
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.play.rollout import Rollout
from mentor_core.support.errors import Interrupted, RunError
from mentor_plugins.commands.health import Health
from mentor_plugins.commands.processes import Processes
from mentor_plugins.models.formats import match_student
from mentor_plugins.models.loading import load_student
from mentor_runs.assembly.parts import Parts, Stage
from mentor_runs.assembly.references import References
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.training import Training
from mentor_toolkit.progress_bar import bar

__all__ = ["Stages"]


@dataclass(frozen=True, slots=True)
class Stages:
    """Trains a run's student, stage by stage.

    Attributes:
        directory: the run's; each stage but the last has a directory inside.
        policy: generates the episodes that `rollout` plays.
        tasks: the tasks to train on, with their verified `references`.
        start_trackers: starts the trackers, given a directory and the number of steps done.
        interrupted: true if this process was asked to stop.
    """

    parts: Parts
    directory: RunDirectory
    processes: Processes
    console: Console
    policy: Policy
    rollout: Rollout
    tasks: Sequence[Task]
    references: References
    start_trackers: Callable[[RunDirectory, int], None]
    interrupted: Callable[[], bool]

    def train(self, stage: Stage, student: Student) -> tuple[Student, list[str]]:
        """Train, from the last checkpoint if there is one.

        Returns:
            The trained student, which is also kept in the directory, and facts for the report; no
            facts if the stage had ended before.

        Raises:
            Interrupted: the process was asked to stop, and stopped after saving.
            RunError: the health check ends the training.
        """
        directory = self.directory if stage.name == "after" else self.directory.stage(stage.name)
        if self.processes.from_main(directory.is_trained, self._note):
            student = self._load(directory)
            self.start_trackers(directory, stage.steps)
            self.parts.trackers.log_model(directory.model)
            return student, []
        checkpoint = self.processes.from_main(directory.last_checkpoint, self._note)
        done = checkpoint[1] if checkpoint else 0
        if self.processes.is_main:
            directory.rewind(done)
            directory.note("running", done)
        self.start_trackers(directory, done)
        self.processes.wait()
        config = self.parts.config
        self.parts.sampler.start(self.tasks, config.seed)
        health = Health(_mean_calls(self.references), config.train.stop_on)
        label = "training" if stage.name == "after" else f"training, {stage.name} start"
        began = time.perf_counter()
        with bar(self.console, label, stage.steps, done) as shown:

            def look(step: int, metrics: Metrics) -> None:
                for finding in health.look(step, metrics):
                    shown.say(f"warning: {finding}")

            trained = stage.trainer.train(
                Training(
                    parts=self.parts,
                    student=student,
                    tasks=self.tasks,
                    references=self.references,
                    rollout=self.rollout,
                    policy=self.policy,
                    steps=stage.steps,
                    directory=directory,
                    checkpoint=checkpoint,
                    shown=shown,
                    interrupted=lambda: self.interrupted() or health.fatal is not None,
                    on_metrics=look,
                    on_rollout=lambda played, step: self._record(directory, played, step),
                )
            )
        if trained.steps < stage.steps:
            if self.processes.is_main:
                directory.note("interrupted", trained.steps)
            if health.fatal is not None:
                raise RunError(f"{health.fatal} (train.stop_on); files in {self.directory.path}")
            raise Interrupted(f"after step {trained.steps} of {stage.steps}", self.directory.path)
        kept = self._keep(directory, trained.student)
        seconds = time.perf_counter() - began
        warnings = [f"{label}, warning: {finding}" for finding in health.findings]
        return kept, [f"{label}: {stage.steps} steps in {seconds:.0f} s", *warnings]

    def _record(self, directory: RunDirectory, played: Sequence[Trajectory], step: int) -> None:
        self.parts.trackers.log_trajectories(step + 1, played)
        if step % self.parts.config.train.record_every == 0:
            rank = self.processes.rank
            name = "train" if rank == 0 else f"train-{rank}"
            directory.append(directory.trajectories(name), played)

    def _keep(self, directory: RunDirectory, student: Student) -> Student:
        """Save a trained model as `transformers` loads it; later stages begin with the saved one.

        A resumed run then goes on with the same weights, and TRL finds the reference model.
        """
        if self.processes.is_main:
            directory.write_model(student.model.save_pretrained, student.tokenizer.save_pretrained)
            self.parts.trackers.log_model(directory.model)
        self.processes.wait()
        return student if directory is self.directory else self._load(directory)

    def _load(self, directory: RunDirectory) -> Student:
        student = load_student(str(directory.model), self.parts.config.model_options)
        match_student(self.parts.envs, student)  # what is to be said was said at the start
        return student

    def _note(self, text: str) -> None:
        self.console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)


def _mean_calls(references: References) -> float | None:
    calls = [len(found.calls) for several in references.of.values() for found in several]
    return sum(calls) / len(calls) if calls else None
