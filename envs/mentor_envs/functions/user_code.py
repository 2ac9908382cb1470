"""Objects from Python code of the user's own, named in a setting: no package, no plugin."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from mentor_core.errors import ConfigError, nearest

__all__ = ["load_object"]


def load_object(reference: str) -> Any:
    """The object that a setting names; the code is run once in a process.

    Args:
        reference: `my_tools.py`, `my_tools.py:NAME`, `my_package.my_tools` or
            `my_package.my_tools:NAME`. Files and modules beside the file, or in the working
            directory where a module is named, can be imported.

    Raises:
        ConfigError: there is no such file, module or name, or its code raises.
    """
    place, name = (reference, "") if reference.endswith(".py") else _split(reference)
    if place.endswith(".py"):
        module = _load_file(place)
    else:
        with _importable(Path.cwd()), _explained(place):
            module = importlib.import_module(place)
    if not name:
        return module
    try:
        return getattr(module, name)
    except AttributeError:
        known = [key for key in vars(module) if not key.startswith("_")]
        raise ConfigError(f"{place} has no {name!r}{nearest(name, known)}") from None


def _split(reference: str) -> tuple[str, str]:
    place, colon, name = reference.rpartition(":")
    return (place, name) if colon else (reference, "")


def _load_file(place: str) -> ModuleType:
    path = Path(place).expanduser().resolve()
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise ConfigError(f"{place}: {error.strerror or error}") from None
    return _run_file(path, changed)


@cache
def _run_file(path: Path, changed: int) -> ModuleType:  # noqa: ARG001 - part of the cache's key
    """Import a file; again where it has `changed`."""
    name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    with _importable(path.parent), _explained(str(path)):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):  # the code may have changed the list
            sys.path.remove(str(folder))


@contextmanager
def _explained(place: str) -> Iterator[None]:
    try:
        yield
    except (Exception, SystemExit) as error:
        trace, line = error.__traceback__, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == place:
                line = trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line = error.lineno
        where = place if line is None else f"{place}:{line}"
        raise ConfigError(f"{where}: {type(error).__name__}: {error}") from error
