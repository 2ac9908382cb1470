"""Names of models: names of embedded students, and names that must be paths."""

from __future__ import annotations

from collections.abc import Iterable

from mentor_core.door.registry import STUDENTS, directory, names
from mentor_core.support.errors import PluginError

__all__ = [
    "EMBEDDED",
    "WEIGHTS",
    "embedded_student",
    "embedded_students",
    "is_embedded",
    "looks_local",
]

EMBEDDED = "embedded"
"""The embedded student of the run's environment; `embedded/NAME` is that of the environment NAME.
"""
WEIGHTS = "model.safetensors"


def embedded_students() -> list[str]:
    """The embedded students that have weights, by the names of the environments they have learnt.

    A student that is registered as a recipe only has no weights before it is built.
    """
    return [name for name in names(STUDENTS) if _has_weights(name)]


def _has_weights(student: str) -> bool:
    try:
        return (directory(STUDENTS, student) / WEIGHTS).is_file()
    except PluginError:  # `mentor plugins` says why
        return False


def embedded_student(environments: Iterable[str]) -> str:
    """The embedded student of the first environment that has one; "embedded" if none has."""
    known = embedded_students()
    return next((f"{EMBEDDED}/{name}" for name in environments if name in known), EMBEDDED)


def is_embedded(name: str) -> bool:
    """True if a model's name means an embedded student."""
    return name.partition("/")[0] == EMBEDDED


def looks_local(name: str) -> bool:
    """True if a model's name must be a path, as no hub id looks like it."""
    return name.endswith(".gguf") or name.startswith((".", "/", "~")) or name.count("/") > 1
