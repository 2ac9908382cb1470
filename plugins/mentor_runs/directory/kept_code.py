"""A user's code, kept with a run, which resumes with the copy even if the file changes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["CODE", "KeptCode"]

CODE = "code"
"""The directory of the code in a run's directory."""
_INSTALLED = {
    *("mentor_core", "mentor_toolkit", "mentor_runs"),
    *("mentor_plugins", "mentor_lab", "mentor_envs"),
}


class KeptCode:
    """Copies files of code, each with the modules that it imported from its own directory.

    Data files that the code reads there are not copied.

    Args:
        run: the run's directory.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._homes: dict[Path, Path] = {}

    def keep(self, file: Path) -> str:
        """Copy a file; returns the copy's path, relative to the run's directory."""
        there = file.expanduser().resolve()
        count = len(self._homes)
        home = self._homes.setdefault(
            there.parent, self.run / (CODE if not count else f"{CODE}-{count + 1}")
        )
        for source in (there, *_imported(there.parent)):
            target = home / source.relative_to(there.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return (home / there.name).relative_to(self.run).as_posix()


def _imported(folder: Path) -> Iterator[Path]:
    """Files of imported modules that are in a directory, and are not installed packages."""
    here = {folder, Path.cwd()}
    lasting = {Path(entry).resolve() for entry in sys.path if entry} - here
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not (file.endswith(".py") and Path(file).is_file()):
            continue  # built in, or a name that is no file: torch.ops has "_ops.py"
        path = Path(file).resolve()
        if (
            folder in path.parents
            and name.partition(".")[0] not in _INSTALLED
            and not any(entry in path.parents for entry in lasting if folder in entry.parents)
        ):
            yield path
