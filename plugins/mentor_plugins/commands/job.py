"""The main job: evaluate, train, evaluate again, report.

config → assemble → references → student → evaluation → trainer → evaluation → report
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from mentor_core.contracts.policy import Student
from mentor_core.contracts.task import Split, TaskKey
from mentor_core.contracts.trajectory import Trajectory, read_trajectories
from mentor_core.support.errors import Interrupted
from mentor_plugins.commands.interrupts import interrupts
from mentor_plugins.commands.processes import Processes
from mentor_plugins.commands.splits import Evaluation, Summaries
from mentor_plugins.commands.stages import Stages
from mentor_plugins.models.formats import match_student
from mentor_plugins.models.loading import load_student
from mentor_runs.assembly.parts import Parts
from mentor_runs.directory.fingerprints import of_references, of_tasks
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.evaluation.changes import changes
from mentor_runs.evaluation.paired import success_by_task
from mentor_runs.evaluation.report import as_metrics, write_report, write_reports
from mentor_toolkit.progress_bar import watched
from mentor_toolkit.secrets import hide_settings

__all__ = ["run"]


def run(parts: Parts, output: Path, console: Console, resume: bool = False) -> Summaries:
    """Run from start to end, or from the last checkpoint to the end.

    Args:
        parts: the parts of the run.
        output: the run directory; new, unless `resume`.
        console: shows progress (in the main process only).
        resume: continue the run in `output`.

    Returns:
        split → before, warm, after → figures.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; everything is saved and the run can be resumed.
        MentorError: the user can mend the fault.
    """
    config = parts.config
    _quiet()
    processes = Processes()
    if not processes.is_main:
        console = Console(quiet=True)
    directory = RunDirectory(output)
    if resume:
        processes.from_main(directory.resume)
    tasks, references = parts.training_tasks(partial(watched, console, "references"))
    facts = references.notes()
    for note in facts:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    student = load_student(config.model, config.model_options)
    for stage in parts.stages:
        stage.trainer.check_model(config, student.model)
    for note in match_student(parts.envs, student):
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    if not resume:
        processes.from_main(directory.set_up, config)
    splits = config.evaluate.splits
    for note in parts.check_splits(splits):
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    digests = {
        "training tasks": of_tasks(tasks),
        "evaluation tasks": of_tasks(t for split in splits for t in parts.evaluation_tasks(split)),
        "references": of_references(references.of),
    }
    processes.from_main(directory.check_data, digests)
    if processes.is_main and not directory.references.exists():
        directory.write(directory.references, [t for ts in references.of.values() for t in ts])
    with interrupts() as interrupted:
        policy, player = parts.policies()
        executor = parts.executor()
        evaluation = Evaluation(parts, player, executor, console)
        evaluations = _Evaluations(evaluation, directory, processes, interrupted)
        stages = Stages(
            parts=parts,
            directory=directory,
            processes=processes,
            console=console,
            policy=policy,
            rollout=parts.rollout(policy, executor),
            tasks=tasks,
            references=references,
            start_trackers=evaluations.start_trackers,
            interrupted=interrupted,
        )
        try:
            evaluations.play("before", 0, student)
            if not parts.stages:
                evaluations.start_trackers(directory, 0)
            for stage in parts.stages:
                student, told = stages.train(stage, student)
                facts += told
                evaluations.play(stage.name, stage.steps, student)
            stages.rollout.close()
            evaluation.close()
        finally:
            parts.trackers.finish()
    if processes.is_main:
        facts += changes(evaluations.successes, ["before", *(s.name for s in parts.stages)])
        write_report(directory, config, evaluation.summaries, facts, console)
        write_reports(directory.path, parts.reports, console)
    return evaluation.summaries


class _Evaluations:
    """A run's evaluations, kept in the run directory and sent to the trackers.

    Attributes:
        successes: split → before, warm or after → task → success in [0, 1].
    """

    def __init__(
        self,
        evaluation: Evaluation,
        directory: RunDirectory,
        processes: Processes,
        interrupted: Callable[[], bool],
    ) -> None:
        self.evaluation, self.directory = evaluation, directory
        self.processes, self.interrupted = processes, interrupted
        self.config, self.trackers = evaluation.parts.config, evaluation.parts.trackers
        self.successes: dict[str, dict[str, dict[TaskKey, float]]] = {}

    def play(self, when: str, step: int, student: Student) -> None:
        """Evaluate a student; a split whose episodes are on disk is not played again.

        Args:
            when: before, or the name of the stage that has ended.
            step: optimizer steps of that stage.
        """
        for split in self.config.evaluate.splits:
            file = self.directory.trajectories(f"{split}-{when}")
            if file.exists():
                played = read_trajectories(file)
            else:
                played = self._play(split, when, student)
                if played and self.processes.is_main:
                    self.directory.write(file, played)
            self.evaluation.add(split, when, played)
            self.successes.setdefault(split, {})[when] = success_by_task(played)
        self.trackers.log_evaluation(when, step, self._figures(when))

    def _play(self, split: Split, when: str, student: Student) -> list[Trajectory]:
        """All processes share the episodes; each gets all trajectories."""
        self.evaluation.prepare(student)
        mine = self.processes.share(self.evaluation.starts(split))

        def check(_: Trajectory) -> None:
            if self.interrupted():
                raise Interrupted("during evaluation", self.directory.path)

        played = self.processes.gather(self.evaluation.play(f"{split} {when}", mine, check))
        return sorted(played, key=lambda t: (t.group or 0, t.seed or 0))

    def start_trackers(self, directory: RunDirectory, done: int) -> None:
        """Start the trackers in the main process, and log the evaluations made before."""
        if not self.processes.is_main:
            return
        self.trackers.finish()  # those of the stage before
        self.trackers.start(
            directory.path, hide_settings(self.config.model_dump(mode="json")), done
        )
        summaries = self.evaluation.summaries.values()
        for when in dict.fromkeys(when for by in summaries for when in by):
            self.trackers.log_evaluation(when, 0, self._figures(when))

    def _figures(self, when: str) -> dict[str, float | None]:
        """The figures of one evaluation, for trackers."""
        summaries = self.evaluation.summaries.items()
        return as_metrics({key: by[when] for key, by in summaries if when in by})


def _quiet() -> None:
    """Keep the output of libraries away from the progress bar."""
    from transformers import logging

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning)
