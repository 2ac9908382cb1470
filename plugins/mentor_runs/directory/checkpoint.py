"""Checkpoints that can be trusted: folders with checksums of their files.

A sealed folder has a file of checksums, written last and in the form that `sha256sum --check`
reads. A folder without this file was not finished. A folder that differs from its checksums is
damaged. Neither is ever resumed from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

__all__ = [
    "CHECKPOINT_STATE",
    "CHECKSUMS",
    "damage",
    "drop_old",
    "newest_whole",
    "seal",
    "set_aside",
]

CHECKPOINT_STATE = "mentor_state.json"
"""A checkpoint's file with the state of mentor's own parts."""
CHECKSUMS = "checksums.sha256"


def seal(folder: Path) -> None:
    """Write the checksums of all files in a folder; from now on `damage` sees every change."""
    lines = [f"{_digest(folder / name)}  {name}\n" for name in _names(folder)]
    with (folder / CHECKSUMS).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def damage(folder: Path) -> str | None:
    """The fault of a sealed folder, by the first damaged file; None: the folder is whole."""
    try:
        text = (folder / CHECKSUMS).read_bytes()
    except FileNotFoundError:
        return "it was not finished"
    except OSError as error:
        return f"{CHECKSUMS} cannot be read: {error.strerror}"
    *lines, rest = text.decode(errors="replace").split("\n")
    if rest:
        return f"{CHECKSUMS} is not as it was written"
    written = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = _names(folder)
    for name in sorted({*written, *there}):
        if name not in there:
            return f"{name} is missing"
        if name not in written:
            return f"{name} is not among its checksums"
        try:
            same = _digest(folder / name) == written[name]
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}"
        if not same:
            return f"{name} is not as it was written"
    return None


def newest_whole(
    folder: Path, tell: Callable[[str], None] = lambda _: None
) -> tuple[Path, int] | None:
    """The newest checkpoint that is whole, and its step; None if there is none.

    Args:
        folder: holds `checkpoint-STEP` folders.
        tell: is called with a message on each newer one that is left out.
    """
    for step, path in reversed(_checkpoints(folder)):
        wrong = damage(path)
        if wrong is None:
            return path, step
        tell(f"{path.name} is left out: {wrong}")
    return None


def set_aside(folder: Path, step: int) -> None:
    """Rename the checkpoints after `step`, which were left out: the run will write them again."""
    for later, path in _checkpoints(folder):
        if later > step:
            aside = path.with_name(f"damaged-{later}")
            shutil.rmtree(aside, ignore_errors=True)
            path.rename(aside)


def drop_old(folder: Path, keep: int) -> None:
    """Delete all checkpoints but the newest `keep`."""
    for _, path in _checkpoints(folder)[:-keep]:
        shutil.rmtree(path)


def _checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """Step and folder of each checkpoint, the oldest first."""
    found = ((path.name.rpartition("-")[2], path) for path in folder.glob("checkpoint-*"))
    return sorted((int(step), path) for step, path in found if step.isdecimal())


def _names(folder: Path) -> list[str]:
    """All files but the checksums, relative to the folder."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in files if name != CHECKSUMS)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
