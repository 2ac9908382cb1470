"""Tasks in a file, one JSON object a line.

    {"prompt": "Move a.txt into docs.", "start": {"a.txt": "hi\n", "docs": {}},
     "expected": {"docs": {"a.txt": "hi\n"}}}
    {"prompt": "Which file mentions tea?", "start": "my-notes", "answer": "b.txt",
     "calls": [{"name": "grep", "arguments": {"pattern": "tea"}}], "id": "tea", "split": "eval"}

`start` is a tree, or the path of a real directory, relative to the file's folder. `expected`,
`answer` or both are the solution; `answer` may be a list of accepted answers. `calls` are the
expert's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mentor_core.contracts.task import Split, Task
from mentor_core.support.errors import DataError, nearest
from mentor_core.tools.tool import Tool
from mentor_envs.calls import check_calls
from mentor_envs.files.loading import check_size, read_directory
from mentor_envs.files.shell import Limits
from mentor_envs.files.tree import Tree, nest, unnest
from mentor_envs.rows import Row, read_task_rows

__all__ = ["read_tasks"]

_KEYS = ("prompt", "start", "expected", "answer", "calls", "id", "split")
_EXAMPLE = '{"prompt": …, "start": {…}, "expected": {…}}'


def read_tasks(path: Path, limits: Limits, tools: Mapping[str, Tool]) -> list[Task]:
    """All tasks of a file, in the order of its rows (ids and splits: see `mentor_envs.rows`).

    `metadata` holds the row's place as `where`, the `start` tree, and the `calls` as `steps` and
    `n_steps`.

    Raises:
        DataError: the file cannot be read or has no row, or a row is broken; names file and row.
    """
    folder = path.parent
    return [
        _task(row, identity, split, folder, limits, tools)
        for row, identity, split in read_task_rows(path, _EXAMPLE)
    ]


def _task(
    row: Row,
    identity: str,
    split: Split,
    folder: Path,
    limits: Limits,
    tools: Mapping[str, Tool],
) -> Task:
    for key in row.data:
        if key not in _KEYS:
            raise DataError(f"{row.where}: unknown key {key!r}{nearest(key, _KEYS)}")
    metadata: dict[str, Any] = {"where": row.where, "start": _start(row, folder, limits)}
    answer: dict[str, Any] = {}
    if "expected" in row.data:
        answer["tree"] = nest(_tree(row, "expected", limits))
    if "answer" in row.data:
        given = row.get("answer", _is_answer, "some text, or a list of texts")
        answer["text"] = [given] if isinstance(given, str) else given
    if not answer:
        raise DataError(f"{row.where}: neither 'expected' nor 'answer' is given")
    if "calls" in row.data:
        metadata["steps"] = _calls(row, tools)
        metadata["n_steps"] = len(metadata["steps"])
    return Task(identity, "files", row.text("prompt").strip(), answer, split, metadata)


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


def _calls(row: Row, tools: Mapping[str, Tool]) -> list[dict[str, Any]]:
    expected = 'a list of {"name": …, "arguments": {…}}'
    calls: list[dict[str, Any]] = row.get("calls", _are_calls, expected)
    check_calls(calls, tools, f"{row.where}: calls")
    return calls


def _are_calls(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(call, dict)
        and call.keys() == {"name", "arguments"}
        and isinstance(call["name"], str)
        and isinstance(call["arguments"], dict)
        for call in value
    )


def _is_answer(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return (
        isinstance(texts, list)
        and bool(texts)
        and all(isinstance(text, str) and text.strip() for text in texts)
    )
