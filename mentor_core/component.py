"""Component: base of the plugin classes that a configuration names and gives options to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mentor_core.errors import nearest

__all__ = ["Command", "Component", "NamesCode", "Stateful", "explain_options"]


@dataclass(frozen=True, slots=True)
class NamesCode:
    """Marks an option of type `str` that names a user's code: `FILE.py`, `FILE.py:NAME`, a module.

    `tools: Annotated[str, NamesCode()]`. A path in it is made absolute, as paths of type `Path`
    are, and a run keeps a copy of the file.
    """


@dataclass(frozen=True, slots=True)
class Command:
    """Marks an option that is a command, in which the words that are files are paths, too.

    Args:
        unless: an option which, if it is given, says where the command runs.
    """

    unless: str = ""


def explain_options(error: ValidationError, known: Iterable[str]) -> str:
    """What is wrong with the first option that was refused; `known` are those that there are."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown option {key!r}{nearest(key, known)}"
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"option {key!r}: {message}" if key else message  # options that do not go together


class Component(BaseModel):
    """A plugin class whose options are its pydantic fields.

    Unknown options are refused; `mentor rewards` and its like list the fields with their
    types, defaults and descriptions.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Stateful(Component):
    """A component that learns during a run; its state is saved with each checkpoint."""

    def state(self) -> dict[str, Any]:
        """What is to be saved: JSON values only. Empty where there is nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state()`."""
