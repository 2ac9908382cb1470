"""Imported trajectories: each one is replayed on arrival, and rows left out are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.record_format import RecordFormat
from mentor_core.contracts.task import SPLITS, Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import PluginError
from mentor_plugins.commands.collect import verdict_on
from mentor_plugins.record_formats.files import Unread, read_file
from mentor_plugins.teacher_store.store import Stored, TeacherStore, fingerprint, task_hash
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.config import RunConfig
from mentor_toolkit.scripts import replay

__all__ = ["take_over"]

_AT_ONCE = 256  # attempts of one transaction


def take_over(
    config: RunConfig, store: TeacherStore, files: Sequence[Path], record_format: RecordFormat
) -> Iterator[str]:
    """Import files of rows, in constant memory.

    A row belongs to the task of its environment and id, or to the only task with its prompt. An
    outcome, answer or end that a row does not give is taken from the replay. An attempt that is in
    the store already is not stored again.

    Yields:
        For each file the number of rows and of new attempts, and why other rows were left out.

    Raises:
        DataError: a file cannot be read at all.
    """
    intake = _Intake(config, store, record_format)
    for file in files:
        new, attempts = 0, intake.attempts(file)
        while part := list(islice(attempts, _AT_ONCE)):
            new += store.add(part)
        yield f"{file}: {intake.found.total()} rows, {new} new"
        for what, count in intake.found.most_common():
            example = intake.examples.get(what)
            yield f"  {count} {what}" + (f" (the first: {example})" if example else "")


class _Intake:
    """Turns rows into attempts.

    Attributes:
        found: kind of result → number of rows of the last file; `examples`: the first of each.
    """

    def __init__(self, config: RunConfig, store: TeacherStore, record_format: RecordFormat) -> None:
        self.store, self.record_format = store, record_format
        self.domains = assemble(config).domains
        self.tasks = {
            task.key: task
            for domain in self.domains.values()
            for split in SPLITS
            for task in domain.tasks(split)
        }
        asked = Counter(task.prompt.strip() for task in self.tasks.values())
        self.by_prompt = {
            task.prompt.strip(): task
            for task in self.tasks.values()
            if asked[task.prompt.strip()] == 1
        }
        self.found: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def attempts(self, file: Path) -> Iterator[Stored]:
        """The attempts in a file that belong to a task."""
        self.found, self.examples = Counter(), {}
        for number, row in enumerate(read_file(file, self.record_format)):
            if isinstance(row, Unread):
                self._note("not read", str(row))
            elif (task := self._task(row)) is None:
                self._note("left out: no such task in --env", f"{row.task_id!r} of {row.env!r}")
            elif row.end == "error":
                self._note("left out: the episode broke", row.error or "")
            else:
                yield self._attempt(replace(row, task_id=task.id, env=task.env), task, number)

    def _task(self, row: Trajectory) -> Task | None:
        """The task that a row belongs to; None if there is none, or if several could be meant."""
        asked = next((m["content"].strip() for m in row.prompt if m["role"] == "user"), "")
        return self.tasks.get(row.task_key) or self.by_prompt.get(asked)

    def _attempt(self, trajectory: Trajectory, task: Task, number: int) -> Stored:
        who = trajectory.provenance or Provenance(
            "import", made_at=datetime.now(UTC).isoformat(timespec="seconds")
        )
        taken = replace(
            trajectory,
            source="expert" if trajectory.source == "expert" else "teacher",
            tokens=None,
            group=None,
            scores={},
            reward=None,
            provenance=who,
        )
        if taken.outcome is None:
            taken = self._judged(taken, task)
        verdict, why, example = verdict_on(taken, task, self.domains[task.env].env)
        self._note(f"refused: {why}" if why else verdict, example)
        teacher = self.store.teacher(who.player, {"model": who.model, "server": who.server})
        hashed = task_hash(task)
        texts = [turn.text for turn in taken.turns]
        calls = [[call.name, call.arguments] for call in taken.calls]
        key = fingerprint("imported", hashed, teacher, taken.seed, texts, calls)
        return Stored(key, hashed, task.split, teacher, number, verdict, why, example, taken)

    def _judged(self, row: Trajectory, task: Task) -> Trajectory:
        """A row that claims no outcome, with the end, the answer and the outcome of its replay."""
        env = self.domains[task.env].env
        if not env.replayable:
            return row
        try:
            played = replay(env, task, row)
        except PluginError:  # the verdict says so, and why
            return row
        return replace(
            row,
            prompt=played.prompt,
            tools=played.tools,
            end=played.end,
            answer=played.answer,
            outcome=played.outcome,
        )

    def _note(self, what: str, example: str) -> None:
        self.found[what] += 1
        if example:
            self.examples.setdefault(what, example)
