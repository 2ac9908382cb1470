"""Tasks of one's own, one JSON object a line.

    {"instruction": "Move a.txt into docs.", "start": {"a.txt": "hi\n", "docs": {}},
     "expected": {"docs": {"a.txt": "hi\n"}}}
    {"instruction": "Which file mentions tea?", "start": "my-notes", "answer": "b.txt",
     "steps": [{"name": "grep", "arguments": {"pattern": "tea"}}], "id": "tea", "split": "eval"}

`start` is a tree, or the path of a real directory, from the file's own place. `expected`, `answer`
or both say what is right; `answer` may be a list of accepted ones. `steps` are the expert's calls.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mentor_core.errors import DataError, nearest
from mentor_core.task import Split, Task
from mentor_envs.files.loading import check_size, read_directory
from mentor_envs.files.shell import COMMANDS, Limits
from mentor_envs.files.tree import Tree, nest, unnest
from mentor_envs.rows import Row, make_id, read_rows, split_rows

__all__ = ["read_tasks"]

_KEYS = ("instruction", "start", "expected", "answer", "steps", "id", "split")
_EXAMPLE = '{"instruction": …, "start": {…}, "expected": {…}}'


def read_tasks(path: Path, limits: Limits) -> list[Task]:
    """All tasks of a file, in the order of its rows; `metadata` holds the `row` as well.

    A row's own `split` is honoured; of the others the last tenth is eval and the rest train.

    Raises:
        DataError: the file cannot be read or has no row, or a row is broken; names file and row.
    """
    rows, taken = read_rows(path, _EXAMPLE), dict[str, Row]()
    splits = split_rows(rows)
    return [
        _task(row, make_id(row, "id", taken), split, path.parent, limits)
        for row, split in zip(rows, splits, strict=True)
    ]


def _task(row: Row, identity: str, split: Split, folder: Path, limits: Limits) -> Task:
    for key in row.data:
        if key not in _KEYS:
            raise DataError(f"{row.where}: unknown key {key!r}{nearest(key, _KEYS)}")
    metadata: dict[str, Any] = {"row": row.number, "start": _start(row, folder, limits)}
    answer: dict[str, Any] = {}
    if "expected" in row.data:
        answer["tree"] = nest(_tree(row, "expected", limits))
    if "answer" in row.data:
        given = row.get("answer", _is_answer, "some text, or a list of texts")
        answer["text"] = [given] if isinstance(given, str) else given
    if not answer:
        raise DataError(f"{row.where}: neither 'expected' nor 'answer' is given")
    if "steps" in row.data:
        metadata["steps"] = _steps(row)
        metadata["n_steps"] = len(metadata["steps"])
    return Task(identity, "files", row.text("instruction").strip(), answer, split, metadata)


def _start(row: Row, folder: Path, limits: Limits) -> dict[str, Any]:
    row.get("start", lambda v: isinstance(v, dict | str), "a tree, or the path of a directory")
    if isinstance(row.data["start"], dict):
        return nest(_tree(row, "start", limits))
    top = folder / row.text("start")
    if not top.is_dir():
        raise DataError(f"{row.where}: start: {top} is not a directory")
    nested = nest(read_directory(top, f"{row.where}: start", limits))
    unnest(nested, f"{row.where}: start")  # refuses names that a tree cannot have
    return nested


def _tree(row: Row, key: str, limits: Limits) -> Tree:
    nested = row.get(key, lambda v: isinstance(v, dict), "a tree (an object)")
    where = f"{row.where}: {key}"
    tree = unnest(nested, where)
    check_size(tree, where, limits)
    return tree


def _steps(row: Row) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = row.get("steps", lambda v: isinstance(v, list), "a list of calls")
    for number, step in enumerate(steps, 1):
        match step:
            case {"name": str(name), "arguments": dict()} if name in COMMANDS:
                pass
            case {"name": str(name), "arguments": dict()}:
                known = nearest(name, COMMANDS)
                raise DataError(f"{row.where}: step {number}: unknown tool {name!r}{known}")
            case _:
                raise DataError(
                    f'{row.where}: step {number} must be {{"name": …, "arguments": {{…}}}}'
                )
    return steps


def _is_answer(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return (
        isinstance(texts, list)
        and bool(texts)
        and all(isinstance(text, str) and text.strip() for text in texts)
    )
