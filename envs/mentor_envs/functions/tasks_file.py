"""Tasks in a file: one JSON object a line.

    {"prompt": "What are two pears?", "answer": 8}
    {"prompt": "When does it close?", "answer": ["4 pm", "16:00"], "id": "closing",
     "split": "eval", "metadata": {"shop": 3},
     "calls": [{"name": "hours", "arguments": {"shop": 3}}]}

(A row is one line of the file; the second row is broken here for reading.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mentor_core.contracts.task import Split, Task
from mentor_core.support.errors import DataError
from mentor_envs.rows import Row, read_task_rows, without_nulls

__all__ = ["read_tasks"]

_EXAMPLE = '{"prompt": …, "answer": …}'
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, values: Any) -> Any:
        return without_nulls(values) if isinstance(values, dict) else values


class _Call(_Strict):
    name: _Text
    arguments: dict[str, Any] = Field(default_factory=dict)


class _Row(_Strict):
    prompt: _Text
    answer: Any = None
    id: _Text | int = ""
    split: Split = "train"
    metadata: dict[str, Any] = Field(default_factory=dict)
    calls: list[_Call] | None = None


def read_tasks(path: Path, env: str) -> list[Task]:
    """All tasks of a file, in the order of its rows (ids and splits: see `mentor_envs.rows`).

    Only `prompt` is needed. A row's reference and place are added to the task's metadata, as
    `calls` and `where`.

    Args:
        path: JSON lines or a JSON list, gzip-compressed if the name ends in .gz.
        env: the environment's name.

    Raises:
        DataError: the file cannot be read or has no row, or a row is broken; names file, row and
            key.
    """
    tasks = []
    for row, identity, split in read_task_rows(path, _EXAMPLE):
        values = _check(row)
        metadata = _metadata(row, values)
        tasks.append(Task(identity, env, values.prompt, values.answer, split, metadata))
    return tasks


def _check(row: Row) -> _Row:
    values = row.parse(_Row)
    for key in ("calls", "where"):
        if key in values.metadata:
            raise DataError(f"{row.where}: metadata.{key}: mentor uses this key; choose another")
    return values


def _metadata(row: Row, values: _Row) -> dict[str, Any]:
    calls = {} if values.calls is None else {"calls": [call.model_dump() for call in values.calls]}
    return {**values.metadata, "where": row.where, **calls}
