"""Tasks from a file: Spider's own, BIRD's, and others in their form.

    [{"db_id": "concert_singer", "question": "How many singers …?", "query": "SELECT …"}, …]

A file is a JSON list, or has the same objects one a line (`.jsonl`), and may be compressed (`.gz`).
BIRD writes `SQL` for `query`. `id` and `split` are read if they are given. The databases are in
Spider's layout: `<databases>/<db_id>/<db_id>.sqlite`.
"""

from __future__ import annotations

from pathlib import Path

from mentor_core.contracts.task import Split, Task
from mentor_core.support.errors import DataError, nearest
from mentor_envs.rows import Row, read_task_rows

__all__ = ["database_path", "read_tasks"]

_EXAMPLE = '{"db_id": …, "question": …, "query": …}'


def read_tasks(path: Path, databases: Path) -> list[Task]:
    """All tasks of a file, in the order of its rows (ids and splits: see `mentor_envs.rows`).

    `metadata` holds the `database` and the row's place as `where`. The `evidence` of BIRD is part
    of the prompt.

    Args:
        path: the file.
        databases: the folder of the databases.

    Raises:
        DataError: the file cannot be read or has no row, a row is broken, or its database does not
            exist; names file and row.
    """
    return [_task(*found, databases) for found in read_task_rows(path, _EXAMPLE)]


def database_path(databases: Path, name: str) -> Path:
    """The path of a database in Spider's layout."""
    return databases / name / f"{name}.sqlite"


def _task(row: Row, identity: str, split: Split, databases: Path) -> Task:
    database = row.text("db_id")
    expected = database_path(databases, database)
    if not expected.is_file():
        known = [folder.name for folder in databases.iterdir()] if databases.is_dir() else []
        raise DataError(f"{row.where}: no database {expected}{nearest(database, known)}")
    prompt = row.text("question")
    if row.data.get("evidence"):
        prompt = f"{prompt}\nHint: {row.text('evidence')}"
    query = row.text("SQL" if "query" not in row.data and "SQL" in row.data else "query")
    metadata = {"database": database, "where": row.where}
    return Task(identity, "sql", prompt, query, split, metadata)
