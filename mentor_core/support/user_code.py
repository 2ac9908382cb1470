"""Code of plugins and users: found by a reference, loaded, and kept from ending the process."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from mentor_core.support.errors import ConfigError, MentorError, nearest

__all__ = ["absolute_reference", "contained", "load_object", "reason"]

_RUN: dict[str, ModuleType] = {}
"""Name → module, for files loaded here."""


def load_object(reference: str) -> Any:
    """The object that a setting names; the code is run once in a process.

    Args:
        reference: `my_tools.py`, `my_tools.py:NAME`, `my_package.my_tools` or
            `my_package.my_tools:NAME`; a folder before a module, `/folder/my_package.my_tools`, is
            the module's place. Files and modules beside the file, or in the working directory if a
            module has no folder, can be imported.

    Raises:
        ConfigError: there is no such file, module or name, or its code raises.
    """
    place, name = _split(reference)
    module = _load_module(_split(absolute_reference(reference))[0])
    if not name:
        return module
    found: Any = module
    for part in name.split("."):
        with _explained(place):
            known = [key for key in dir(found) if not key.startswith("_")]
            if not hasattr(found, part):
                missing = f"{place} has no {name!r}{nearest(part, known)}"
                raise ConfigError(f"AttributeError: {missing}")
            found = getattr(found, part)
    return found


def absolute_reference(reference: str, folder: Path | None = None) -> str:
    """The reference in a form that is found from any working directory.

    A file and a module in `folder`, or else in the working directory, get their folder. An
    installed module needs none.
    """
    here = folder or Path.cwd()
    place, name = _split(reference)
    if place.endswith(".py"):
        place = str((here / Path(place).expanduser()).resolve())
    elif "/" in place:
        above, _, module = place.rpartition("/")
        place = f"{(here / Path(above or '/').expanduser()).resolve()}/{module}"
    elif _stands_in(here, place):
        file = here / f"{place}.py"
        place = str(file if file.is_file() else here / place)
    return f"{place}:{name}" if name else place


@contextmanager
def contained(explain: Callable[[BaseException], MentorError]) -> Iterator[None]:
    """Run foreign code: `explain` turns its exceptions into errors of mentor.

    `SystemExit` and a `raise KeyboardInterrupt` are turned, too. A user's Ctrl-C, which comes as a
    signal, is passed on.
    """
    pressed = False

    def press(number: int, frame: Any) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    here = threading.current_thread() is threading.main_thread()
    ours = here and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, press)
    try:
        yield
    except BaseException as error:
        if pressed or (isinstance(error, KeyboardInterrupt) and here and not ours):
            raise
        explained = explain(error)
        if explained is error:
            raise
        raise explained from error
    finally:
        if ours and signal.getsignal(signal.SIGINT) is press:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def reason(error: BaseException) -> str:
    """An exception in one line, with its type."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - a stranger's exception may fail to say what it is
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _split(reference: str) -> tuple[str, str]:
    """Place and name; the name is empty if there is none."""
    place, colon, name = reference.rpartition(":")
    return (place, name) if colon and not reference.endswith(".py") else (reference, "")


def _load_module(place: str) -> ModuleType:
    if place.endswith(".py"):
        path = Path(place).expanduser().resolve()
        try:
            changed = path.stat().st_mtime_ns
        except OSError as error:
            raise ConfigError(f"{place}: {error.strerror or error}") from None
        folder, parts = path.parent, [path.stem] if path.stem != "__init__" else []
        while (folder / "__init__.py").is_file():
            parts.insert(0, folder.name)
            folder = folder.parent
        return _import(".".join(parts), folder) if len(parts) > 1 else _run_file(path, changed)
    folder_name, slash, module = place.rpartition("/")
    if slash:
        return _import(module, Path(folder_name or "/").expanduser().resolve())
    with _importable(Path.cwd()), _explained(place):
        return importlib.import_module(place)


def _import(name: str, folder: Path) -> ModuleType:
    """Import the module of that name that is in `folder`, and no other of the same name."""
    with _importable(folder), _explained(f"{folder}/{name}"):
        module = importlib.import_module(name)
    places = [module.__file__] if module.__file__ else list(getattr(module, "__path__", ()))
    if not any(Path(place).resolve().is_relative_to(folder) for place in places):
        raise ConfigError(f"{folder}/{name}: another module {name} is in use, of {places[0]}")
    return module


def _stands_in(folder: Path, module: str) -> bool:
    """True if a module's first package or file is imported from `folder`."""
    importlib.invalidate_caches()
    top = module.partition(".")[0]
    spec = PathFinder.find_spec(top, [str(folder), *sys.path])
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec is not None else []
    inside = folder.resolve() / top
    return any(
        place and Path(place).resolve().with_suffix("") in (inside, inside / "__init__")
        for place in places
    )


@cache
def _run_file(path: Path, changed: int) -> ModuleType:  # noqa: ARG001 - part of the cache's key
    """Import a file; again if it has `changed`."""
    name, loaded = path.stem, sys.modules.get(path.stem)
    ours = loaded is not None and loaded is _RUN.get(name)
    if loaded is not None and not ours and getattr(loaded, "__file__", None) == str(path):
        return loaded  # a file beside it has imported it
    if not ours and not _is_free(path):
        name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    with _importable(path.parent), _explained(str(path)):
        try:
            # Compiled anew: Python's cache tells changes by the second and by the file's size.
            exec(compile(path.read_bytes(), path, "exec", dont_inherit=True), module.__dict__)
        except BaseException:
            sys.modules.pop(name, None)
            raise
    _RUN[name] = module
    return module


def _is_free(path: Path) -> bool:
    """True if a file's module may have the file's own name, as no other module has it."""
    if not path.stem.isidentifier() or path.stem in sys.modules:
        return False
    with suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(path.stem)
        return spec is None or spec.origin == str(path)
    return False


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """In the block, `folder` is the first place of modules; afterwards the last one."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):  # the code may have changed the list
            sys.path.remove(str(folder))
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


@contextmanager
def _explained(place: str) -> Iterator[None]:
    def explain(error: BaseException) -> MentorError:
        if isinstance(error, ConfigError):
            return error
        trace, line = error.__traceback__, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == place:
                line = trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line = error.lineno
        where = place if line is None else f"{place}:{line}"
        return ConfigError(f"{where}: {reason(error)}")

    with contained(explain):
        yield
