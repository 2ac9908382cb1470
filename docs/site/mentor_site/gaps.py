"""What is not documented: the site is not built as long as there is such a gap."""

from __future__ import annotations

from collections.abc import Iterator

import click
from pydantic import BaseModel

from mentor_core.door.hookspecs import HOOKS
from mentor_core.door.registry import COMMANDS, KINDS, entries
from mentor_runs.settings.config import RunConfig
from mentor_site.parts import commands, docstring, parts, settings
from mentor_site.reference import contract, members

__all__ = ["gaps"]


def gaps(config: type[BaseModel] = RunConfig) -> list[str]:
    """Every hook, part, option, command and setting without a description, or broken."""
    return [*_of_parts(), *_of_commands(), *_of_settings(config)]


def _of_parts() -> Iterator[str]:
    for kind in KINDS:
        if not HOOKS[kind.hook].strip():
            yield f"the hook {kind.hook} has no text in mentor_core/door/hookspecs.py"
        if base := contract(kind):
            if not docstring(base):
                yield f"the contract of {kind.hook} has no docstring"
            for member in members(base):
                if member.required and not member.summary:
                    yield f"the contract of {kind.hook}: {member.written} has no docstring"
        yield from (broken.problem for broken in entries(kind) if broken.problem)
        for part in parts(kind) if kind is not COMMANDS else ():
            if not part.description:
                yield f"{kind.name} {part.name}: no docstring or description, in {part.place}"
            for option in part.options:
                if not option.description.strip():
                    yield f"{kind.name} {part.name}: option {option.name} has no description"


def _of_commands() -> Iterator[str]:
    for words, command in commands():
        if not (command.help or "").strip():
            yield f"mentor {words}: no help"
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden and not option.help:
                yield f"mentor {words}: option {option.opts[0]} has no help"


def _of_settings(config: type[BaseModel]) -> Iterator[str]:
    for setting in settings(config):
        if not setting.description.strip():
            yield f"the setting {setting.name} has no description"
