"""What the commands that compare systems share: which file holds a system's episodes."""

from __future__ import annotations

from pathlib import Path

from mentor_core.support.errors import DataError, nearest

__all__ = ["episodes_file"]


def episodes_file(path: Path, name: str) -> Path:
    """The file with the episodes of a run that are called `name`, or the file itself.

    Raises:
        DataError: the run has no such episodes; names the nearest.
    """
    if not path.is_dir():
        return path
    folder = path / "trajectories"
    known = sorted(file.stem for file in folder.glob("*.jsonl")) if folder.is_dir() else []
    if name not in known:
        raise DataError(f"{path}: no episodes {name!r}{nearest(name, known) if known else ''}")
    return folder / f"{name}.jsonl"
