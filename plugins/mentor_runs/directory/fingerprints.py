"""Fingerprints of a run's inputs, so that a run is not resumed with other inputs.

They are versions, settings, and digests of tasks and references, whose files may have changed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.redaction import hide_argument

__all__ = ["differences", "of_references", "of_tasks", "versions"]

_PACKAGES = ("mentor-core", "torch", "transformers", "trl", "accelerate", "peft", "gymnasium")


def versions() -> dict[str, Any]:
    """The command, and the versions of Python, platform and packages."""
    packages: dict[str, str | None] = {}
    for name in _PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            packages[name] = None
    return {
        "command": [hide_argument(argument) for argument in sys.argv],
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The settings that differ, each with both values."""
    before, after = dict(_flat(old)), dict(_flat(new))
    return [
        f"{key} ({_shown(before, key)} → {_shown(after, key)})"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


def of_tasks(tasks: Iterable[Task]) -> str:
    """A digest of tasks in their order: of ids, prompts and answers."""
    return _digest([task.env, task.id, task.prompt, task.answer] for task in tasks)


def of_references(references: Mapping[TaskKey, Sequence[Trajectory]]) -> str:
    """A digest of the references' calls and answers."""
    return _digest(
        [*key, r.answer, *([call.name, call.arguments] for call in r.calls)]
        for key in sorted(references)
        for r in references[key]
    )


def _digest(rows: Iterable[list[Any]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        line = json.dumps(row, default=lambda value: type(value).__name__)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by their dotted keys."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _shown(settings: Mapping[str, Any], key: str) -> str:
    return json.dumps(settings[key], ensure_ascii=False) if key in settings else "not set"
