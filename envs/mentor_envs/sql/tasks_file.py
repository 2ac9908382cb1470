"""Tasks from a file: Spider's own, BIRD's, and anything in their form.

    [{"db_id": "concert_singer", "question": "How many singers …?", "query": "SELECT …"}, …]

A JSON list, or the same objects one a line (`.jsonl`, `.gz` welcome). BIRD writes `SQL` for
`query`. `id` and `split` are read where they are given. The databases lie as Spider lays them out:
`<databases>/<db_id>/<db_id>.sqlite`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mentor_core.errors import DataError, nearest
from mentor_core.task import SPLITS, Split, Task
from mentor_core.trajectory import open_text

__all__ = ["database_path", "read_rows", "read_tasks"]

_EVAL_SHARE = 0.1


def read_tasks(path: Path, databases: Path) -> list[Task]:
    """All tasks of a file, in the order of its rows.

    A row's own `split` is honoured; of the others the last tenth, and at least one where there
    are two or more, is eval and the rest train. `metadata` holds the `database` and `where` the
    row is, and the `evidence` of BIRD is part of the prompt.

    Args:
        path: the file.
        databases: the folder of the databases.

    Raises:
        DataError: the file cannot be read or has no row, a row is broken, or its database is not
            there; names file and row.
    """
    rows = list(read_rows(path))
    given = [_split(row, where) for where, row in rows]
    free = [index for index, split in enumerate(given) if split is None]
    n_eval = max(1, int(len(free) * _EVAL_SHARE)) if len(free) > 1 else 0
    evaluated = set(free[len(free) - n_eval :])
    tasks, taken = [], dict[str, str]()
    for index, (where, row) in enumerate(rows):
        database = text_of(row, "db_id", where)
        if not database_path(databases, database).is_file():
            known = [folder.name for folder in databases.iterdir()] if databases.is_dir() else []
            expected = database_path(databases, database)
            raise DataError(f"{where}: no database {expected}{nearest(database, known)}")
        identity = str(row.get("id", f"row-{index + 1}"))
        if identity in taken:
            raise DataError(f"{where}: id {identity!r} is that of {taken[identity]}")
        taken[identity] = where
        prompt = text_of(row, "question", where)
        if row.get("evidence"):
            prompt = f"{prompt}\nHint: {text_of(row, 'evidence', where)}"
        tasks.append(
            Task(
                id=identity,
                env="sql",
                prompt=prompt,
                answer=text_of(
                    row, "SQL" if "query" not in row and "SQL" in row else "query", where
                ),
                split=given[index] or ("eval" if index in evaluated else "train"),
                metadata={"database": database, "where": where},
            )
        )
    return tasks


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file and row, object) of each row.

    Raises:
        DataError: the file cannot be read, has no row, or a row is no object.
    """
    try:
        with open_text(path) as file:
            text = file.read()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if text.lstrip().startswith("["):
        values = [(f"{path}: row {n}", value) for n, value in enumerate(_load(text, f"{path}"), 1)]
    else:
        lines = [(f"{path}:{n}", line) for n, line in enumerate(text.split("\n"), 1)]
        values = [(where, _load(line, where)) for where, line in lines if line.strip()]
    if not values:
        raise DataError(f'{path}: no row; expected {{"db_id": …, "question": …, "query": …}}')
    for where, value in values:
        if not isinstance(value, dict):
            raise DataError(f"{where}: expected an object, got {json.dumps(value)[:40]}")
        yield where, value


def text_of(row: dict[str, Any], key: str, where: str) -> str:
    """The text under a key.

    Raises:
        DataError: the key is missing, or its value is no text.
    """
    if key not in row:
        raise DataError(f"{where}: no key {key!r}{nearest(key, row)}")
    value = row[key]
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where}: {key} must be some text, got {json.dumps(value)[:40]}")
    return value


def database_path(databases: Path, name: str) -> Path:
    """Where Spider's layout has a database."""
    return databases / name / f"{name}.sqlite"


def _split(row: dict[str, Any], where: str) -> Split | None:
    split = row.get("split")
    if "split" in row and split not in SPLITS:
        raise DataError(f"{where}: unknown split {split!r}{nearest(str(split), SPLITS)}")
    return split


def _load(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from None
