"""Imported trajectories: each is replayed on arrival, and whatever is left out is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.task import SPLITS
from mentor_core.contracts.trajectory import Trajectory, iterate_trajectories
from mentor_core.run.assemble import assemble
from mentor_core.run.config import RunConfig
from mentor_plugins.commands.collect import verdict_on
from mentor_plugins.teacher_store.store import Stored, TeacherStore, fingerprint, task_hash

__all__ = ["take_over"]

_AT_ONCE = 256  # attempts of one transaction


def take_over(config: RunConfig, store: TeacherStore, files: Sequence[Path]) -> Iterator[str]:
    """Import files of trajectories, in constant memory.

    An attempt that is in the store already is not stored again.

    Yields:
        For each file, how many trajectories were read, and what became of them.

    Raises:
        DataError: a file cannot be read; names file, line and field. What came before is kept.
    """
    intake = _Intake(config, store)
    for file in files:
        new, attempts = 0, intake.attempts(file)
        while part := list(islice(attempts, _AT_ONCE)):
            new += store.add(part)
        yield f"{file}: {intake.found.total()} trajectories read, {new} new"
        for what, count in intake.found.most_common():
            example = intake.examples.get(what)
            yield f"  {count} {what}" + (f" (the first: {example})" if example else "")


class _Intake:
    """Turns trajectories into attempts.

    Attributes:
        found: what became of the trajectories of the last file → how many; `examples`: the first.
    """

    def __init__(self, config: RunConfig, store: TeacherStore) -> None:
        self.store, self.domains = store, assemble(config).domains
        self.tasks = {
            task.key: task
            for domain in self.domains.values()
            for split in SPLITS
            for task in domain.tasks(split)
        }
        self.found: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def attempts(self, file: Path) -> Iterator[Stored]:
        """Those of a file that are of a task."""
        self.found, self.examples = Counter(), {}
        for number, trajectory in enumerate(iterate_trajectories(file)):
            if trajectory.task_key not in self.tasks:
                self._note(
                    "left out: no such task in --env",
                    f"{trajectory.task_id!r} of {trajectory.env!r}",
                )
            elif trajectory.end == "error":
                self._note("left out: the episode broke", trajectory.error or "")
            else:
                yield self._attempt(trajectory, number)

    def _attempt(self, trajectory: Trajectory, number: int) -> Stored:
        task = self.tasks[trajectory.task_key]
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
        verdict, why, example = verdict_on(taken, task, self.domains[task.env].env)
        self._note(f"refused: {why}" if why else verdict, example)
        teacher = self.store.teacher(who.player, {"model": who.model, "server": who.server})
        hashed = task_hash(task)
        texts = [turn.text for turn in taken.turns]
        calls = [[call.name, call.arguments] for call in taken.calls]
        key = fingerprint("imported", hashed, teacher, taken.seed, texts, calls)
        return Stored(key, hashed, task.split, teacher, number, verdict, why, example, taken)

    def _note(self, what: str, example: str) -> None:
        self.found[what] += 1
        if example:
            self.examples.setdefault(what, example)
