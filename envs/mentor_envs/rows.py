"""Rows of a file of tasks: JSON lines, or one JSON list, with errors that name file and row.

The id and the split of a task are read here for all domains. A row without an id has the id
"row-N", with N its line or its place in the list. The last tenth of the rows without a split is
eval, and the rest train. If there are at least two such rows, at least one is eval.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mentor_core.contracts.task import SPLITS, Split
from mentor_core.contracts.trajectory import open_text
from mentor_core.support.errors import DataError, nearest
from mentor_core.support.validation import problems

__all__ = ["SHIFTS", "Row", "file_version", "read_rows", "read_task_rows", "show", "without_nulls"]

SHIFTS: Mapping[str, str] = {
    "phrasing": "other words for the same",
    "numbers": "other numbers",
    "length": "more steps",
    "domain": "other things to ask about",
}
"""The shifts that a file's row may name as its split, besides train, eval and ood."""

_EVAL_SHARE = 0.1
_SPLITS = (*SPLITS, *SHIFTS)

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Row:
    """A JSON object of a file, and its place ("tasks.jsonl:3", "tasks.json: row 3").

    Attributes:
        data: the object without keys that are null.
        nulls: the keys that are null.
    """

    where: str
    number: int
    data: dict[str, Any]
    nulls: frozenset[str] = frozenset()

    def get(self, key: str, fits: Callable[[Any], bool], expected: str) -> Any:
        """The value of a key.

        Raises:
            DataError: the key is missing, or `fits` returns false; names the expected value.
        """
        if key in self.nulls:
            raise DataError(f"{self.where}: {key} must be {expected}, got null")
        if key not in self.data:
            raise DataError(f"{self.where}: no key {key!r}{nearest(key, self.data)}")
        value = self.data[key]
        if not fits(value):
            raise DataError(f"{self.where}: {key} must be {expected}, got {show(value)}")
        return value

    def text(self, key: str) -> str:
        """The text of a key, which is not blank."""
        value: str = self.get(key, lambda v: isinstance(v, str) and bool(v.strip()), "some text")
        return value

    def parse(self, model: type[Model]) -> Model:
        """The row as a pydantic model.

        Raises:
            DataError: the row does not fit the model; names the key.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            first, *_ = problems(error, self.data)
            if first.kind == "unknown":
                known = nearest(first.path[-1], model.model_fields)
                raise DataError(f"{self.where}: unknown key {first.key!r}{known}") from None
            raise DataError(f"{self.where}: {first.key}: {first.text}") from None


def read_task_rows(path: Path, example: str, *id_keys: str) -> list[tuple[Row, str, Split]]:
    """All rows of a file of tasks, in order, each with its id and its split.

    Args:
        path: as for `read_rows`.
        example: as for `read_rows`.
        id_keys: possible keys of the id, of which the first in a row counts; by default "id".

    Raises:
        DataError: see `read_rows`; also if an id is no text or whole number, if two rows share an
            id, or if a split is unknown.
    """
    rows, taken = read_rows(path, example), dict[str, Row]()
    ids = [_make_id(row, id_keys or ("id",), taken) for row in rows]
    return list(zip(rows, ids, _split(rows), strict=True))


def read_rows(path: Path, example: str) -> list[Row]:
    """All rows, in order; a key that is null counts as absent.

    Args:
        path: JSON lines or one JSON list of objects; gzip-compressed if the name ends in .gz.
        example: a typical row, for the message if there is none.

    Raises:
        DataError: the file cannot be read, has no row, or has a row that is not an object.
    """
    try:
        with open_text(path) as file:
            text = file.read()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if text.lstrip().startswith("["):
        values = _load(text, str(path))
        found = [(f"{path}: row {number}", number, v) for number, v in enumerate(values, 1)]
    else:
        found = list(_lines(text, path))
    rows = []
    for where, number, value in found:
        if not isinstance(value, dict):
            raise DataError(f"{where}: expected an object such as {example}, got {show(value)}")
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise DataError(f"{where}: not Unicode text: {error.reason}") from None
        data = without_nulls(value)
        rows.append(Row(where, number, data, frozenset(value.keys() - data)))
    if not rows:
        raise DataError(f"{path}: no row; expected objects such as {example}")
    return rows


def without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    """The object without its keys that are null."""
    return {key: value for key, value in values.items() if value is not None}


def file_version(path: Path) -> tuple[Path, int, int] | None:
    """A value that differs for other files and other contents; None if the file cannot be read."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return path.absolute(), stat.st_mtime_ns, stat.st_size


def show(value: Any) -> str:
    """A JSON value in an error message: its first 40 characters."""
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= 40 else shown[:40] + "…"


def _make_id(row: Row, keys: Sequence[str], taken: dict[str, Row]) -> str:
    """The row's own id, else "row-N"; the id is added to `taken`."""
    identity = f"row-{row.number}"
    key = next((key for key in keys if key in row.data), "")
    if key:
        identity = str(row.get(key, _is_id, "a text or a whole number"))
    if identity in taken:
        raise DataError(
            f"{row.where}: {key or 'id'} {identity!r} is that of {taken[identity].where}"
        )
    taken[identity] = row
    return identity


def _split(rows: Sequence[Row]) -> list[Split]:
    """The split of each row."""
    free = [index for index, row in enumerate(rows) if "split" not in row.data]
    n_eval = max(1, int(len(free) * _EVAL_SHARE)) if len(free) > 1 else 0
    evaluated = set(free[len(free) - n_eval :])
    splits: list[Split] = []
    for index, row in enumerate(rows):
        given = row.data.get("split", "eval" if index in evaluated else "train")
        if given not in _SPLITS:
            known = f"{nearest(str(given), _SPLITS)}; expected one of {', '.join(_SPLITS)}"
            raise DataError(f"{row.where}: unknown split {given!r}{known}")
        splits.append(given)
    return splits


def _lines(text: str, path: Path) -> Iterator[tuple[str, int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        own = line.removeprefix("\ufeff")  # of a file that was appended to another
        if own.strip():
            where = f"{path}:{number}"
            yield where, number, _load(own, where)


def _load(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from None


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""
