"""The file with a system's episodes, for commands that compare systems."""

from __future__ import annotations

from pathlib import Path

from mentor_core.support.errors import DataError, nearest

__all__ = ["episodes_file"]


def episodes_file(path: Path, name: str) -> Path:
    """The file with a run's episodes called `name`; `path` itself if it is a file.

    Raises:
        DataError: the run has no such episodes; names the nearest name.
    """
    if not path.is_dir():
        return path
    folder = path / "trajectories"
    known = sorted(file.stem for file in folder.glob("*.jsonl")) if folder.is_dir() else []
    if name not in known:
        raise DataError(f"{path}: no episodes {name!r}{nearest(name, known) if known else ''}")
    return folder / f"{name}.jsonl"
