"""Component: base of plugin classes that a configuration names and gives options."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from mentor_core.support.errors import ConfigError, OptionError, nearest
from mentor_core.support.validation import problems

__all__ = ["Command", "Component", "NamesCode", "Stateful", "build", "option_error"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NamesCode:
    """Marks an option of type `str` that names a user's code: `FILE.py`, `FILE.py:NAME`, a module.

    `tools: Annotated[str, NamesCode()]`. A path in the option is made absolute, as paths of type
    `Path` are, and a run keeps a copy of the file.
    """


@dataclass(frozen=True, slots=True)
class Command:
    """Marks an option that is a command; words that name files are paths, too.

    Args:
        unless: an option that, if given, sets the directory in which the command runs.
    """

    unless: str = ""


def option_error(
    what: str, error: ValidationError, options: Mapping[str, Any], known: Iterable[str]
) -> OptionError:
    """The first option that was refused.

    Args:
        what: the owner of the options, for the start of the message.
        options: the given options.
        known: names of the existing options.
    """
    first, *_ = problems(error, options)
    text = first.text
    if first.kind == "unknown":
        text = f"unknown option {first.key!r}{nearest(first.path[-1], known)}"
    elif first.kind == "missing":
        text = f"the option {first.key!r} is missing"
    elif first.key:
        text = f"option {first.key!r}: {text}"
    return OptionError(f"{what}: {text}", first.key, first.kind, first.example)


class Component(BaseModel):
    """A plugin class whose options are its pydantic fields.

    Unknown options are refused; `mentor rewards` and its like list the fields with their
    types, defaults and descriptions.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Stateful(Component):
    """A component that learns during a run; its state is saved with each checkpoint."""

    def state(self) -> dict[str, Any]:
        """The state to save: JSON values only. Empty if there is nothing to save."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state()`."""


def build(factory: type[T], what: str, options: Mapping[str, Any] | None = None) -> T:
    """An instance of a component's class; `what` names it in errors.

    Raises:
        ConfigError: an option is unknown, missing or invalid.
    """
    if not issubclass(factory, BaseModel):
        _check_arguments(factory, what, options or {})
    try:
        return factory(**(options or {}))
    except ValidationError as error:
        known = getattr(factory, "model_fields", ())
        raise option_error(what, error, options or {}, known) from None


def _check_arguments(factory: type[Any], what: str, options: Mapping[str, Any]) -> None:
    """Refuse options that a class which is no pydantic model does not take as arguments."""
    signature = inspect.signature(factory)
    try:
        signature.bind(**options)
    except TypeError as error:
        unknown = [name for name in options if name not in signature.parameters]
        if unknown and not signature.parameters:
            raise ConfigError(f"{what}: unknown option {unknown[0]!r}; it has none") from None
        if unknown:
            known = signature.parameters
            raise ConfigError(
                f"{what}: unknown option {unknown[0]!r}{nearest(unknown[0], known)}"
            ) from None
        raise ConfigError(f"{what}: {error}") from None
