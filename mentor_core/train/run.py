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
from transformers import PrinterCallback
from transformers import logging as transformers_logging

from mentor_core.assemble import Parts, assemble
from mentor_core.config import RunConfig
from mentor_core.disk import write_atomically, writing
from mentor_core.errors import MentorError
from mentor_core.evaluate import Summary, evaluation_starts, play, summarise_split
from mentor_core.formats import fit
from mentor_core.models import load_student, unseen
from mentor_core.policy import Sampling, Student
from mentor_core.progress import Bar, bar, watched
from mentor_core.provenance import of_references, of_tasks
from mentor_core.report import as_json, as_markdown, as_metrics, as_table
from mentor_core.run_directory import RunDirectory
from mentor_core.secrecy import hide_settings
from mentor_core.task import Split
from mentor_core.train.settings import check_adapters, lora_config, trainer_settings
from mentor_core.train.watch import Watch
from mentor_core.trajectory import Trajectory, read_trajectories

__all__ = ["Interrupted", "run"]

Summaries = dict[str, dict[str, Summary]]


class Interrupted(MentorError):
    """The run was asked to stop, and stopped after saving."""

    interrupted = True


def run(config: RunConfig, output: Path, console: Console, resume: bool = False) -> Summaries:
    """Run from start to end, or from the last checkpoint to the end.

    Args:
        config: resolved.
        output: the run directory; new, unless `resume`.
        console: where to show progress (the main process only).
        resume: continue what is in `output`.

    Returns:
        split → before, after → figures.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; everything is saved and the run can be resumed.
        MentorError: something is wrong that the user can mend.
    """
    _quiet()
    state = PartialState(cpu=not torch.cuda.is_available())
    if not state.is_main_process:
        console = Console(quiet=True)
    directory = RunDirectory(output)
    if resume:
        _from_main(state, directory.resume)
    parts = assemble(config)
    tasks, references = parts.training_tasks(partial(watched, console, "references"))
    for note in references.notes():
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    student = load_student(config.model, config.model_options)
    check_adapters(config, student.model)
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
            before = job.evaluate("before")
            if config.train.steps:
                job.train(tasks, references, before)
            else:
                job.tell(0, before)
            after = job.evaluate("after") if config.train.steps else {}
            return job.finish(before, after)
        finally:
            parts.trackers.finish()


class _Job:
    """What the phases of a run share."""

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
        self.training_seconds = 0.0

    def evaluate(self, when: str) -> dict[str, Summary]:
        """Play the evaluation tasks of each split; what is on disk already is not played again.

        Returns:
            Figures of each split, and of each environment in it where there are several.
        """
        summaries: dict[str, Summary] = {}
        for split in self.config.evaluate.splits:
            file = self.directory.trajectories(f"{split}-{when}")
            if file.exists():
                played = read_trajectories(file)
            else:
                played = self._play(split, when)
                if played and self.state.is_main_process:
                    self.directory.write(file, played)
            if played:
                summaries |= summarise_split(split, played, [*self.parts.domains])
        return summaries

    def _play(self, split: Split, when: str) -> list[Trajectory]:
        """All processes share the episodes; each gets all trajectories."""
        settings = self.config.evaluate
        starts = evaluation_starts(
            self.parts.evaluation_tasks(split), settings.samples, self.config.seed
        )
        mine = starts[self.state.process_index :: self.state.num_processes]
        sampling = Sampling(settings.temperature)
        self.student.model.eval()
        self.player.prepare(self.student, sampling, self.parts.limits)
        at_once = self.config.rollout.episodes
        with bar(self.console, f"{split} {when}", len(mine), at_once=at_once) as shown:
            played = play(self.evaluation, mine, self._advance(shown))
        gathered: list[Trajectory] = gather_object(played)
        return sorted(gathered, key=lambda t: (t.group or 0, t.seed or 0))

    def _advance(self, shown: Bar) -> Callable[[Trajectory], None]:
        def advance(_: Trajectory) -> None:
            if self.interrupted():
                raise Interrupted(self._how_to_resume("during evaluation"))
            shown.advance()

        return advance

    def tell(self, done: int, before: dict[str, Summary]) -> None:
        """Start the trackers, in the main process, and tell them of the evaluation before."""
        if self.state.is_main_process:
            trackers, config = self.parts.trackers, self.config.model_dump(mode="json")
            trackers.start(self.directory.path, hide_settings(config), done)
            trackers.log_evaluation("before", 0, as_metrics(before))

    def train(self, tasks: Sequence[Any], references: Any, before: dict[str, Summary]) -> None:
        """Train, from the last checkpoint where there is one; saves the final model."""
        from datasets import Dataset

        from mentor_core.train.trainer import MentorTrainer

        if _from_main(self.state, self.directory.is_trained, self._note):
            self._load_trained()
            self.tell(self.config.train.steps, before)
            self.parts.trackers.log_model(self.directory.model)
            return
        config = self.config
        checkpoint = _from_main(self.state, self.directory.last_checkpoint, self._note)
        done = checkpoint[1] if checkpoint else 0
        if self.state.is_main_process:
            self.directory.rewind(done)
            self.directory.note("running", done)
        self.tell(done, before)
        self.state.wait_for_everyone()
        self.parts.sampler.start(tasks, config.seed)
        groups = config.train.tasks_per_step
        began = time.perf_counter()
        with bar(self.console, "training", config.train.steps, done) as shown:
            trainer = MentorTrainer(
                student=self.student,
                args=trainer_settings(config, self.directory.checkpoints, self.state.num_processes),
                rollout=self.rollout,
                policy=self.policy,
                sampling=self.parts.sampling,
                limits=self.parts.limits,
                sampler=self.parts.sampler,
                references=references,
                reward=self.parts.reward,
                credit=self.parts.credit,
                mask_truncated=config.train.mask_truncated,
                seed=config.seed,
                on_rollout=self._record,
                keep_checkpoints=config.train.keep_checkpoints,
                train_dataset=Dataset.from_dict({"prompt": [""] * groups}),
                peft_config=lora_config(config),
                callbacks=[Watch(self.parts, self.directory, shown, self.interrupted)],
            )
            trainer.remove_callback(PrinterCallback)  # the bar and the trackers say it
            if checkpoint:
                trainer.restore(checkpoint[0])
            trainer.train(resume_from_checkpoint=str(checkpoint[0]) if checkpoint else None)
        self.training_seconds = time.perf_counter() - began
        steps = int(trainer.state.global_step)
        if steps < config.train.steps:
            if self.state.is_main_process:
                self.directory.note("interrupted", steps)
            raise Interrupted(self._how_to_resume(f"after step {steps} of {config.train.steps}"))
        self._keep_model(trainer)

    def _record(self, trajectories: Sequence[Trajectory], step: int) -> None:
        self.parts.trackers.log_trajectories(step + 1, trajectories)
        if step % self.config.train.record_every == 0:
            rank = self.state.process_index
            name = "train" if rank == 0 else f"train-{rank}"
            self.directory.append(self.directory.trajectories(name), trajectories)

    def _keep_model(self, trainer: Any) -> None:
        """Save the trained model, adapters merged, as `transformers` loads it."""
        model = trainer.accelerator.unwrap_model(trainer.model)
        if self.config.train.lora is not None:
            model = model.merge_and_unload()
        self.student = Student(model, self.student.tokenizer, self.student.chat, self.student.name)
        if self.state.is_main_process:
            self.directory.write_model(
                model.save_pretrained, self.student.tokenizer.save_pretrained
            )
            self.parts.trackers.log_model(self.directory.model)
        self.state.wait_for_everyone()

    def _load_trained(self) -> None:
        options = self.config.model_options
        self.student = load_student(str(self.directory.model), options)
        _tell(self.student, self.parts, Console(quiet=True))  # it was said at the start

    def finish(self, before: dict[str, Summary], after: dict[str, Summary]) -> Summaries:
        """Write and show the report."""
        summaries: Summaries = {}
        for when, by_split in (("before", before), ("after", after)):
            for split, summary in by_split.items():
                summaries.setdefault(split, {})[when] = summary
        self.rollout.close()
        self.evaluation.close()
        if self.state.is_main_process:
            config = self.config
            if after:
                self.parts.trackers.log_evaluation("after", config.train.steps, as_metrics(after))
            facts = [
                f"environment {config.env}, student {config.model}, seed {config.seed}",
                f"reward: {_weights(config)} ({config.reward.composer})",
            ]
            if self.training_seconds:
                facts.append(
                    f"training: {config.train.steps} steps in {self.training_seconds:.0f} s"
                )
            report = as_markdown(summaries, facts)
            with writing(self.directory.path):
                write_atomically(self.directory.path / "report.md", report)
                write_atomically(self.directory.path / "report.json", as_json(summaries))
            self.directory.note("finished", config.train.steps)
            if summaries:
                self.console.print(as_table(summaries, f"{config.env}: before and after"))
            for fact in facts:
                self.console.print(fact, highlight=False, markup=False, soft_wrap=True)
            where = self.directory.path
            self.console.print(
                f"trained student {self.directory.model}\nall files       {where}\n"
                f"read episodes   mentor show {where}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        return summaries

    def _note(self, text: str) -> None:
        self.console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)

    def _how_to_resume(self, when: str) -> str:
        path = self.directory.path
        return f"interrupted {when}; resume with: mentor run --resume {path}"


def _weights(config: RunConfig) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in config.reward.terms.items())


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
