"""TeacherStore: attempts of teachers, with the verdict of their replay.

The key of an attempt is a hash of everything that the attempt depends on. The same attempt is
therefore stored once, by however many processes, and stores can be merged.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Trajectory, format_trajectory, parse_trajectory
from mentor_core.support.errors import DataError
from mentor_plugins.teacher_store.database import Database

__all__ = ["VERDICTS", "Stored", "TeacherStore", "Verdict", "fingerprint", "task_hash"]

Verdict = Literal["verified", "trusted", "refused"]
"""Replayed with the same result; cannot be replayed; replayed with another result, or unsuccessful.
"""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_COLUMNS = (
    "key, env, task_id, task_hash, split, teacher, number, verdict, reason, example, turns, calls, "
    "cost, record"
)
_MANY = 500  # task ids of one query


@dataclass(frozen=True, slots=True)
class Stored:
    """An attempt as the store keeps it.

    Attributes:
        key: hash of the attempt's dependencies; see `fingerprint`.
        task_hash: hash of the task as it was attempted.
        teacher: id of the teacher, as `TeacherStore.teacher` gives.
        reason, example: why the attempt was refused; empty otherwise.
    """

    key: str
    task_hash: str
    split: Split
    teacher: str
    number: int
    verdict: Verdict
    reason: str
    example: str
    trajectory: Trajectory


def fingerprint(*parts: Any) -> str:
    """SHA-256 of JSON values; other values are taken as text."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def task_hash(task: Task) -> str:
    """A hash of the task's content: another prompt or answer is another task."""
    return fingerprint(task.env, task.id, task.prompt, task.answer, dict(task.metadata))


class TeacherStore:
    """The attempts in a store.

    Args:
        database: the store's open file.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, path: Path, create: bool = False) -> TeacherStore:
        """Open a store's file; raises as `Database`."""
        return cls(Database(path, create))

    def teacher(self, name: str, identity: Mapping[str, Any]) -> str:
        """The id of a teacher; a new teacher is added."""
        key = fingerprint(name, identity)
        with self.database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO teachers VALUES (?, ?, ?)",
                (key, name, json.dumps(identity, sort_keys=True, default=str)),
            )
        return key

    def add(self, attempts: Iterable[Stored]) -> int:
        """Store attempts in one transaction; returns how many were new."""
        rows = [_row(attempt) for attempt in attempts]
        with self.database.writing() as connection:
            before = connection.total_changes
            places = ", ".join("?" * len(_COLUMNS.split(", ")))
            connection.executemany(
                f"INSERT OR IGNORE INTO attempts ({_COLUMNS}) VALUES ({places})",
                rows,
            )
            return connection.total_changes - before

    def verdicts(self, keys: Sequence[str]) -> dict[str, Verdict]:
        """Key → verdict, of the attempts that are stored."""
        found: dict[str, Verdict] = {}
        for part in _parts(keys):
            rows = self.database.rows(
                f"SELECT key, verdict FROM attempts WHERE key IN ({_places(part)})",
                part,
            )
            found.update(dict(rows))
        return found

    def of_tasks(
        self, env: str, task_ids: Sequence[str], verdicts: Sequence[Verdict]
    ) -> Iterator[Stored]:
        """Attempts at some tasks, in the order of teacher and number."""
        for part in _parts(task_ids):
            yield from map(
                _stored,
                self.database.rows(
                    f"SELECT {_COLUMNS} FROM attempts WHERE env = ? "
                    f"AND task_id IN ({_places(part)}) AND verdict IN ({_places(verdicts)}) "
                    "ORDER BY task_id, teacher, number",
                    (env, *part, *verdicts),
                ),
            )

    def stream(
        self, env: str | None = None, verdicts: Sequence[Verdict] = VERDICTS
    ) -> Iterator[Stored]:
        """All attempts, one by one, in constant memory."""
        where = "AND env = ?" if env is not None else ""
        values = (*verdicts, *([env] if env is not None else []))
        rows = self.database.stream(
            f"SELECT {_COLUMNS} FROM attempts WHERE verdict IN ({_places(verdicts)}) "
            f"{where} ORDER BY env, task_id, teacher, number",
            values,
        )
        return map(_stored, rows)

    def set_verdict(self, key: str, verdict: Verdict, reason: str = "", example: str = "") -> None:
        """Change the verdict of an attempt that was replayed again."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE attempts SET verdict = ?, reason = ?, example = ? WHERE key = ?",
                (verdict, reason, example, key),
            )

    def merge(self, other: Path) -> int:
        """Take over the attempts that this store lacks from another; returns their number."""
        Database(other).close()  # says what is wrong with the file
        with self.database.writing() as connection:
            before = _count(connection)
        # ATTACH cannot stand inside a transaction.
        with self.database._lock, self.database._told():
            connection.execute("ATTACH DATABASE ? AS other", (str(other),))
            try:
                with self.database.writing():
                    for table in ("teachers", "attempts"):
                        connection.execute(
                            f"INSERT OR IGNORE INTO main.{table} SELECT * FROM other.{table}"
                        )
                    connection.execute(
                        "INSERT INTO main.requests SELECT * FROM other.requests WHERE true "
                        "ON CONFLICT (key) DO UPDATE SET state = excluded.state, "
                        "seconds = excluded.seconds, model = excluded.model, "
                        "prompt_tokens = excluded.prompt_tokens, "
                        "completion_tokens = excluded.completion_tokens, cost = excluded.cost, "
                        "problem = excluded.problem, reply = excluded.reply "
                        "WHERE main.requests.state != 'answered' AND excluded.state = 'answered'"
                    )
                    after = _count(connection)
            finally:
                connection.execute("DETACH DATABASE other")
        return after - before


def _count(connection: Any) -> int:
    ((count,),) = connection.execute("SELECT COUNT(*) FROM main.attempts")
    return int(count)


def _row(attempt: Stored) -> tuple[Any, ...]:
    trajectory = attempt.trajectory
    provenance = trajectory.provenance
    return (
        attempt.key,
        trajectory.env,
        trajectory.task_id,
        attempt.task_hash,
        attempt.split,
        attempt.teacher,
        attempt.number,
        attempt.verdict,
        attempt.reason,
        attempt.example,
        len(trajectory.turns),
        len(trajectory.calls),
        provenance.cost if provenance else None,
        zlib.compress(format_trajectory(trajectory).encode()),
    )


def _stored(row: tuple[Any, ...]) -> Stored:
    key, env, task_id, hashed, split, teacher, number, verdict, reason, example, *_, record = row
    where = f"attempt {key[:12]} ({env}, task {task_id})"
    try:
        text = zlib.decompress(record)
    except (zlib.error, TypeError) as error:
        raise DataError(f"{where}: the record is damaged: {error}") from error
    trajectory = parse_trajectory(text, where)
    return Stored(key, hashed, split, teacher, number, verdict, reason, example, trajectory)


def _parts(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(items[first : first + _MANY]) for first in range(0, len(items), _MANY))


def _places(items: Sequence[Any]) -> str:
    return ", ".join("?" * len(items))
