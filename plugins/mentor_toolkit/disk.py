"""Files that are written whole or not at all, and a clear message if the disk is full."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from mentor_core.support.errors import RunError

__all__ = ["check_writable", "cut_lines", "lock", "write_atomically", "writing"]


@contextmanager
def writing(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """Turn errors of writing to `path`, of a full disk, say, into one message with the path.

    Args:
        path: the file or directory that is written.
        *errors: further exceptions to turn; some libraries raise their own if the disk is full.

    Raises:
        RunError: names path and reason.
    """
    caught: tuple[type[Exception], ...] = (OSError, *errors)
    try:
        yield
    except RunError:
        raise
    except caught as error:
        reason = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0]
        raise RunError(f"{path} cannot be written: {reason or type(error).__name__}") from error


def check_writable(folder: Path) -> None:
    """Refuse a directory in which no file can be made; the test file is removed.

    Raises:
        RunError: no file can be made; says why.
    """
    with writing(folder):
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        finally:
            for path in missing:
                with suppress(OSError):  # it was not made, or somebody else uses it already
                    path.rmdir()


def lock(path: Path) -> IO[str]:
    """A lock that this process holds until the file is closed, however the process ends.

    Raises:
        RunError: another process holds the lock; names the process.
    """
    import fcntl

    with writing(path):
        file = path.open("a+", encoding="utf-8")
    try:
        # Not flock, whose locks live on in the forked children of a process that was killed.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        if not isinstance(error, BlockingIOError | PermissionError):
            raise RunError(f"{path} cannot be locked: {error.strerror}") from error
        raise RunError(
            f"{path.parent} is in use by another process{f' ({holder})' if holder else ''}; wait "
            "for it, or stop it first"
        ) from None
    with writing(path):
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename}\n")
        file.flush()
    return file


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's text, all or nothing."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def cut_lines(path: Path, keep: Callable[[dict[str, Any]], bool]) -> None:
    """Keep the JSON lines for which `keep` is true; a torn last line is removed. All or nothing."""
    if not path.exists():
        return
    partial = path.with_suffix(".partial")
    with path.open("rb") as old, partial.open("wb") as new:
        for line in old:
            try:
                whole = line.endswith(b"\n") and keep(json.loads(line))
            except ValueError:  # the line that was being written when the run was killed
                whole = False
            if whole:
                new.write(line)
    partial.replace(path)
