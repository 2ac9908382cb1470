"""Machine: what `mentor doctor` says of Python, torch, GPUs and disks, and what is wrong there."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mentor_core import __version__

__all__ = ["Fact", "facts", "unmet"]

_LEAST_FREE = 1.0
"""GiB of free disk below which a run may not end."""
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the examination.

    Attributes:
        value: None if there is none.
        problem: what is wrong, and what to do; None if nothing is.
    """

    name: str
    value: str | None
    problem: str | None = None


def facts() -> list[Fact]:
    """Versions, GPUs and disks; nothing heavy is imported."""
    python = f"{platform.python_version()} ({sys.executable})"
    torch = _version("torch")
    missing = "pip install torch" if torch is None else None
    gpus = _gpus()
    idle = None
    if gpus and torch and torch.endswith("+cpu"):
        idle = f"torch {torch} cannot use a GPU; install a build of torch with CUDA"
    return [
        Fact("mentor", __version__),
        Fact("python", python),
        Fact("torch", torch, missing),
        *(Fact(name, _version(name)) for name in ("transformers", "trl")),
        Fact("gpu", ", ".join(gpus) or None, idle),
        _folder("runs", Path("runs")),
        _folder("models", _models(), needed=False),
        _store(Path("teacher.db")),
    ]


def unmet(name: str) -> list[str]:
    """The requirements of a distribution, without extras, that are not met."""
    from packaging.requirements import InvalidRequirement, Requirement

    found = []
    for text in importlib.metadata.requires(name) or ():
        try:
            needed = Requirement(text)
        except InvalidRequirement:
            found.append(f"the requirement {text!r} cannot be read")
            continue
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        version = _version(needed.name)
        if version is None:
            found.append(f"needs {needed.name}, which is not installed")
        elif not needed.specifier.contains(version, prereleases=True):
            found.append(f"needs {needed.name}{needed.specifier}; {version} is installed")
    return found


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpus() -> list[str]:
    """The GPUs that NVIDIA's driver lists."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.strip().splitlines() if done.returncode == 0 else []


def _models() -> Path:
    """The folder of models from the Hub, as huggingface_hub finds it."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("HF_HOME", f"{cache}/huggingface")
    return Path(os.environ.get("HF_HUB_CACHE", f"{home}/hub")).expanduser()


def _folder(name: str, folder: Path, needed: bool = True) -> Fact:
    """A folder that mentor writes to, and the free space of its disk."""
    there = folder.absolute()
    there = next(place for place in (there, *there.parents) if place.is_dir())
    free = shutil.disk_usage(there).free / 2**30
    problem = None
    if needed and not os.access(there, os.W_OK | os.X_OK):
        problem = f"{there} cannot be written; use another --output"
    elif needed and free < _LEAST_FREE:
        problem = f"less than {_LEAST_FREE:.0f} GiB is free; make room, or use another --output"
    made = "" if there == folder.absolute() else ", not made yet"
    return Fact(name, f"{folder} ({free:.1f} GiB free{made})", problem)


def _store(file: Path) -> Fact:
    """The teacher store in the working directory."""
    if not file.exists():
        return Fact("teacher store", None)
    problem = None if os.access(file, os.R_OK | os.W_OK) else f"{file} cannot be written"
    return Fact("teacher store", f"{file} ({file.stat().st_size / 2**20:.1f} MiB)", problem)
