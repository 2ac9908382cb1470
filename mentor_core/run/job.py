"""The main job: evaluate, train, evaluate again, save.

config → assemble → references → student → evaluation → trainer → evaluation → report
"""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object
from rich.console import Console
from transformers import logging as transformers_logging

from mentor_core.contracts.policy import Sampling, Student
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Trajectory, read_trajectories
from mentor_core.model.formats import fit
from mentor_core.model.models import load_student, unseen
from mentor_core.play.evaluate import Summary, evaluation_starts, play, summarise_split
from mentor_core.play.health import Health
from mentor_core.play.progress import bar, watched
from mentor_core.play.provenance import of_references, of_tasks
from mentor_core.play.references import References
from mentor_core.run.assemble import Parts, Stage
from mentor_core.run.report import as_metrics, write_report
from mentor_core.run.run_directory import RunDirectory
from mentor_core.run.training import Training
from mentor_core.support.errors import MentorError, RunError
from mentor_core.support.secrecy import hide_settings

__all__ = ["Interrupted", "run"]

Summaries = dict[str, dict[str, Summary]]


class Interrupted(MentorError):
    """The run was asked to stop, and stopped after saving."""

    interrupted = True


def run(parts: Parts, output: Path, console: Console, resume: bool = False) -> Summaries:
    """Run from start to end, or from the last checkpoint to the end.

    Args:
        parts: what the run is made of.
        output: the run directory; new, unless `resume`.
        console: where to show progress (the main process only).
        resume: continue what is in `output`.

    Returns:
        split → before, warm, after → figures.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; everything is saved and the run can be resumed.
        MentorError: something is wrong that the user can mend.
    """
    config = parts.config
    _quiet()
    state = PartialState(cpu=not torch.cuda.is_available())
    if not state.is_main_process:
        console = Console(quiet=True)
    directory = RunDirectory(output)
    if resume:
        _from_main(state, directory.resume)
    tasks, references = parts.training_tasks(partial(watched, console, "references"))
    for note in references.notes():
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    student = load_student(config.model, config.model_options)
    for stage in parts.stages:
        stage.trainer.check_model(config, student.model)
    _tell(student, parts, console)
    if not resume:
        _from_main(state, directory.set_up, config)
    splits = config.evaluate.splits
    digests = {
        "training tasks": of_tasks(tasks),
        "evaluation tasks": of_tasks(t for split in splits for t in parts.evaluation_tasks(split)),
        "references": of_references(references.of),
    }
    _from_main(state, directory.check_data, digests)
    if state.is_main_process and not directory.references.exists():
        directory.write(directory.references, [t for ts in references.of.values() for t in ts])
    with _interrupts() as interrupted:
        job = _Job(parts, student, directory, state, console, interrupted)
        try:
            facts = job.play(tasks, references)
        finally:
            parts.trackers.finish()
    if state.is_main_process:
        write_report(directory, config, job.summaries, facts, console)
    return job.summaries


class _Job:
    """Evaluations and stages of training, with what they share."""

    def __init__(
        self,
        parts: Parts,
        student: Student,
        directory: RunDirectory,
        state: PartialState,
        console: Console,
        interrupted: Callable[[], bool],
    ) -> None:
        self.parts, self.student, self.directory = parts, student, directory
        self.state, self.console, self.interrupted = state, console, interrupted
        self.config = parts.config
        self.policy, self.player = parts.policies()
        self.executor = parts.executor()
        self.rollout = parts.rollout(self.policy, self.executor)
        self.evaluation = parts.rollout(self.player, self.executor)
        self.summaries: Summaries = {}

    def play(self, tasks: Sequence[Task], references: References) -> list[str]:
        """All evaluations and stages; returns facts for the report."""
        facts: list[str] = []
        self.evaluate("before", 0)
        if not self.parts.stages:
            self._start_trackers(self.directory, 0)
        for stage in self.parts.stages:
            facts += self.train(stage, tasks, references)
            self.evaluate(stage.name, stage.steps)
        self.rollout.close()
        self.evaluation.close()
        return facts

    # Evaluation ----------------------------------------------------------------------------

    def evaluate(self, when: str, step: int) -> None:
        """Play the evaluation tasks of each split; what is on disk already is not played again.

        `summaries` take the figures of each split, and of each environment in it if there are
        several; started trackers hear them.

        Args:
            when: before, or the name of the stage that has ended.
            step: optimizer steps of that stage.
        """
        for split in self.config.evaluate.splits:
            file = self.directory.trajectories(f"{split}-{when}")
            if file.exists():
                played = read_trajectories(file)
            else:
                played = self._play(split, when)
                if played and self.state.is_main_process:
                    self.directory.write(file, played)
            if played:
                for key, summary in summarise_split(split, played, [*self.parts.domains]).items():
                    self.summaries.setdefault(key, {})[when] = summary
        self.parts.trackers.log_evaluation(when, step, self._figures(when))

    def _figures(self, when: str) -> dict[str, float | None]:
        """The figures of one evaluation, for trackers."""
        return as_metrics({k: by[when] for k, by in self.summaries.items() if when in by})

    def _start_trackers(self, directory: RunDirectory, done: int) -> None:
        """Start the trackers, in the main process, and tell them of the evaluations until then."""
        if not self.state.is_main_process:
            return
        trackers = self.parts.trackers
        trackers.finish()  # those of the stage before
        trackers.start(directory.path, hide_settings(self.config.model_dump(mode="json")), done)
        for when in dict.fromkeys(when for by in self.summaries.values() for when in by):
            trackers.log_evaluation(when, 0, self._figures(when))

    def _play(self, split: Split, when: str) -> list[Trajectory]:
        """All processes share the episodes; each gets all trajectories."""
        settings = self.config.evaluate
        starts = evaluation_starts(
            self.parts.evaluation_tasks(split), settings.samples, self.config.seed
        )
        mine = starts[self.state.process_index :: self.state.num_processes]
        self.student.model.eval()
        self.player.prepare(self.student, Sampling(settings.temperature), self.parts.limits)
        at_once = self.config.rollout.episodes
        with bar(self.console, f"{split} {when}", len(mine), at_once=at_once) as shown:

            def advance(_: Trajectory) -> None:
                if self.interrupted():
                    raise self._interrupted("during evaluation")
                shown.advance()

            played = play(self.evaluation, mine, advance)
        gathered: list[Trajectory] = gather_object(played)
        return sorted(gathered, key=lambda t: (t.group or 0, t.seed or 0))

    # Training ------------------------------------------------------------------------------

    def train(self, stage: Stage, tasks: Sequence[Task], references: References) -> list[str]:
        """Train, from the last checkpoint if there is one; keeps the student that comes out.

        Returns:
            Facts for the report; none if the stage had ended before.
        """
        directory = self.directory if stage.name == "after" else self.directory.stage(stage.name)
        if _from_main(self.state, directory.is_trained, self._note):
            self._load(directory)
            self._start_trackers(directory, stage.steps)
            self.parts.trackers.log_model(directory.model)
            return []
        checkpoint = _from_main(self.state, directory.last_checkpoint, self._note)
        done = checkpoint[1] if checkpoint else 0
        if self.state.is_main_process:
            directory.rewind(done)
            directory.note("running", done)
        self._start_trackers(directory, done)
        self.state.wait_for_everyone()
        self.parts.sampler.start(tasks, self.config.seed)
        health = Health(_mean_calls(references), self.config.train.stop_on)
        label = "training" if stage.name == "after" else f"training, {stage.name} start"
        began = time.perf_counter()
        with bar(self.console, label, stage.steps, done) as shown:
            trained = stage.trainer.train(
                Training(
                    parts=self.parts,
                    student=self.student,
                    tasks=tasks,
                    references=references,
                    rollout=self.rollout,
                    policy=self.policy,
                    steps=stage.steps,
                    directory=directory,
                    checkpoint=checkpoint,
                    shown=shown,
                    interrupted=self.interrupted,
                    health=health,
                    on_rollout=lambda played, step: self._record(directory, played, step),
                )
            )
        if trained.steps < stage.steps:
            if self.state.is_main_process:
                directory.note("interrupted", trained.steps)
            if health.fatal is not None:
                raise RunError(f"{health.fatal} (train.stop_on); files in {self.directory.path}")
            raise self._interrupted(f"after step {trained.steps} of {stage.steps}")
        self._keep(directory, trained.student)
        seconds = time.perf_counter() - began
        warnings = [f"{label}, warning: {finding}" for finding in health.findings]
        return [f"{label}: {stage.steps} steps in {seconds:.0f} s", *warnings]

    def _record(self, directory: RunDirectory, played: Sequence[Trajectory], step: int) -> None:
        self.parts.trackers.log_trajectories(step + 1, played)
        if step % self.config.train.record_every == 0:
            rank = self.state.process_index
            name = "train" if rank == 0 else f"train-{rank}"
            directory.append(directory.trajectories(name), played)

    def _keep(self, directory: RunDirectory, student: Student) -> None:
        """Save a trained model as `transformers` loads it; later stages begin with the saved one.

        A resumed run then goes on with the same weights, and TRL finds the reference model.
        """
        if self.state.is_main_process:
            directory.write_model(student.model.save_pretrained, student.tokenizer.save_pretrained)
            self.parts.trackers.log_model(directory.model)
        self.state.wait_for_everyone()
        if directory is self.directory:
            self.student = student
        else:
            self._load(directory)

    def _load(self, directory: RunDirectory) -> None:
        self.student = load_student(str(directory.model), self.config.model_options)
        _tell(self.student, self.parts, Console(quiet=True))  # it was said at the start

    def _note(self, text: str) -> None:
        self.console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)

    def _interrupted(self, when: str) -> Interrupted:
        path = self.directory.path
        return Interrupted(f"interrupted {when}; resume with: mentor run --resume {path}")


def _from_main(state: PartialState, get: Callable[..., Any], *arguments: Any) -> Any:
    """What the main process gets, or the error that it gets, in all processes."""
    answer: list[Any] = [None]
    if state.is_main_process:
        try:
            answer = [get(*arguments)]
        except MentorError as error:
            answer = [error]
    if state.num_processes > 1:
        broadcast_object_list(answer)
    if isinstance(answer[0], MentorError):
        raise answer[0]
    return answer[0]


def _tell(student: Student, parts: Parts, console: Console) -> None:
    """Prepare the parser for the model, and say what of the chat format is not the template's.

    And of which environments an embedded student knows nothing.
    """
    plain: dict[str, Any] = {"highlight": False, "markup": False, "soft_wrap": True}
    notes = fit([domain.env for domain in parts.domains.values()], student.chat)
    for note in [*notes, *unseen(student.name, parts.domains)]:
        console.print(f"note: {note}", **plain)


def _mean_calls(references: References) -> float | None:
    calls = [len(found.calls) for several in references.of.values() for found in several]
    return sum(calls) / len(calls) if calls else None


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM ask the run to stop after the step; a second Ctrl-C stops at once."""
    asked = False

    def ask(number: int, _: Any) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True

    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _quiet() -> None:
    """Keep libraries from talking over the progress."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning)
