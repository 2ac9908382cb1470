"""Package: a plugin's files, filled in from templates and written all at once."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Any

from mentor_core import __version__
from mentor_core.door.registry import (
    COMPOSERS,
    CREDITS,
    CRITICS,
    ENVIRONMENTS,
    LESSONS,
    OBJECTIVES,
    PLANS,
    REWARD_TERMS,
    SAMPLERS,
    TEACHERS,
    Kind,
    entry,
)
from mentor_core.support.errors import AmbiguousName, ConfigError, UnknownName

__all__ = ["KINDS", "NewKind", "Package", "write"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*")
_COMMON = "common"
_END = ".jinja"


@dataclass(frozen=True, slots=True)
class NewKind:
    """A kind of package.

    Attributes:
        suffix: end of the class's name.
        what: the kind in words, with a capital.
    """

    kind: Kind[Any]
    suffix: str
    what: str


KINDS: Mapping[str, NewKind] = {
    "env": NewKind(ENVIRONMENTS, "Domain", "An environment"),
    "reward": NewKind(REWARD_TERMS, "Score", "A reward term"),
    "composer": NewKind(COMPOSERS, "Composition", "A composer of reward terms"),
    "credit": NewKind(CREDITS, "Advantage", "An estimator of advantages"),
    "teacher": NewKind(TEACHERS, "Mentor", "A teacher"),
    "objective": NewKind(OBJECTIVES, "Loss", "A loss of reinforcement"),
    "plan": NewKind(PLANS, "Beginning", "A plan of the episodes of a batch"),
    "sampler": NewKind(SAMPLERS, "Order", "A sampler of tasks"),
    "critic": NewKind(CRITICS, "Values", "A critic"),
    "lessons": NewKind(LESSONS, "Choice", "A choice of lessons"),
}
"""Name of a folder of templates → its kind. No suffix gives a class the name of an import."""


@dataclass(frozen=True, slots=True)
class Package:
    """The package of one new plugin.

    Attributes:
        kind: a key of `KINDS`.
        name: the plugin's registered name.

    Raises:
        ConfigError: the name cannot be a package's, or is taken; says by which distribution.
    """

    kind: str
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"{self.name!r} cannot be the name of a plugin; expected a letter, then letters "
                "and digits, with single _ or - between them"
            )
        kind = KINDS[self.kind].kind
        try:
            taken = [entry(kind, self.name).distribution]
        except AmbiguousName as error:
            taken = list(error.distributions)
        except UnknownName:
            taken = []
        if taken:
            raise ConfigError(
                f"the {kind.name} {self.name!r} comes from {' and '.join(taken)}; choose another "
                "name"
            )
        with suppress(importlib.metadata.PackageNotFoundError):
            other = importlib.metadata.distribution(self.distribution)
            raise ConfigError(f"{other.name} is installed already; choose another name")

    @property
    def distribution(self) -> str:
        """Name of the distribution, and of its folder."""
        return f"mentor-plugin-{self.name.lower().replace('_', '-')}"

    @property
    def package(self) -> str:
        """Name of the Python package."""
        return self.distribution.replace("-", "_")

    @property
    def class_name(self) -> str:
        """Name of the registered class."""
        words = re.split("[_-]", self.name)
        return "".join(word[:1].upper() + word[1:] for word in words) + KINDS[self.kind].suffix

    def files(self) -> dict[PurePosixPath, str]:
        """Path in the package's folder → text."""
        from jinja2 import Environment, FunctionLoader, StrictUndefined

        root = files("mentor_lab.new") / "templates"
        environment = Environment(
            loader=FunctionLoader(lambda name: root.joinpath(name).read_text(encoding="utf-8")),
            undefined=StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
        )
        values = {
            "class_name": self.class_name,
            "distribution": self.distribution,
            "hook": KINDS[self.kind].kind.hook,
            "kind": self.kind,
            "mentor_version": __version__,
            "module": self.kind,
            "name": self.name,
            "package": self.package,
            "what": KINDS[self.kind].what,
            "year": date.today().year,  # noqa: DTZ011 - the year of the place where one is
        }
        return {
            self._place(path): environment.get_template(f"{folder}/{path}").render(values)
            for folder in (_COMMON, self.kind)
            for path in _paths(root / folder)
            if path.name != f"usage.md{_END}"  # a part of README.md
        }

    def _place(self, path: PurePosixPath) -> PurePosixPath:
        text = str(path).removesuffix(_END)
        for part, place in (("github/", ".github/"), ("gitignore", ".gitignore")):
            text = place + text.removeprefix(part) if text.startswith(part) else text
        words = self.package.removeprefix("mentor_plugin_")
        return PurePosixPath(text.replace("PACKAGE", self.package).replace("NAME", words))


def write(package: Package, parent: Path) -> Path:
    """Write a package's folder below `parent`: the whole folder, or nothing.

    Raises:
        ConfigError: there is no folder `parent`, or the package's folder exists already.
        OSError: the folder cannot be written.
    """
    if not parent.is_dir():
        raise ConfigError(f"{parent}: there is no such folder")
    target = parent / package.distribution
    if os.path.lexists(target):
        raise ConfigError(f"{target} exists already; nothing was written")
    unfinished = parent / f".{package.distribution}.{os.getpid()}"
    try:
        for place, text in package.files().items():
            file = unfinished / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _paths(folder: Traversable, above: PurePosixPath | None = None) -> list[PurePosixPath]:
    """The templates in a folder, in order."""
    found = []
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        path = (above or PurePosixPath()) / one.name
        if one.is_dir():
            found += _paths(one, path)
        elif one.name.endswith(_END):
            found.append(path)
    return found
