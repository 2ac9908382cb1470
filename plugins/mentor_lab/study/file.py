"""A study's TOML file.

Tables of settings have the keys of a run's config.toml, and the resolver of runs reads them. A
method may also have `recipe`, `rewards` and `steps`, as flags of `mentor run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mentor_core.door.discovery import is_name
from mentor_core.support.errors import ConfigError, nearest
from mentor_core.support.validation import problems
from mentor_runs.settings.keys import keys_of, near_key
from mentor_runs.settings.tables import merge, read_toml

__all__ = ["Study", "read_study", "shipped"]

Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
Settings = dict[str, Any]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class About(_Section):
    """The table `[study]`."""

    description: str = ""
    seeds: list[Seed] = Field(default=[0, 1, 2, 3, 4], min_length=1)
    baseline: str = Field("", description="method that others are compared with; else the first")
    environments: list[str] = Field(default=[], description="those to play; empty: all")
    methods: list[str] = Field(default=[], description="those to play; empty: all")


class _File(_Section):
    study: About = About()
    evaluate: Settings = {}
    settings: Settings = {}
    environments: dict[str, Settings] = Field(min_length=1)
    methods: dict[str, Settings] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_fit(self) -> _File:
        for table, tables, chosen in (
            ("environments", self.environments, self.study.environments),
            ("methods", self.methods, self.study.methods),
        ):
            for name in tables:
                if not is_name(name) or name.startswith("."):
                    raise ValueError(
                        f"[{table}.{name!r}]: the name is a folder's; expected letters, digits, _, "
                        "- and ."
                    )
            if len({name.lower() for name in tables}) < len(tables):
                raise ValueError(f"two {table} differ only in upper and lower case")
            for name in chosen:
                if name not in tables:
                    raise ValueError(f"study.{table}: {name!r} is none{nearest(name, tables)}")
        if len(set(self.study.seeds)) < len(self.study.seeds):
            raise ValueError("study.seeds: a seed is given twice")
        return self


class Study(_Section):
    """A study, read and checked.

    Attributes:
        name: stem of the file's name, with -quick for the short form.
        folder: base of the file's relative paths.
        seeds: seeds of every method that trains.
        baseline: method that the others are compared with.
        settings: settings of all cells, with `evaluate` among them.
        environments, methods: name → settings.
    """

    name: str
    description: str
    folder: Path
    seeds: tuple[int, ...]
    baseline: str
    settings: Settings
    environments: dict[str, Settings]
    methods: dict[str, Settings]


def shipped() -> dict[str, str]:
    """The laboratory's own studies: name → description."""
    return {
        name: str(read_toml(path).get("study", {}).get("description", ""))
        for name, path in _shipped().items()
    }


def read_study(
    which: str,
    quick: bool = False,
    seeds: Sequence[int] | None = None,
    baseline: str | None = None,
) -> Study:
    """Read a study.

    Args:
        which: a file, or the name of a shipped study.
        quick: merge the file's table `[quick]`, which has the form of the file, over the file.
        seeds, baseline: replace the file's.

    Raises:
        ConfigError: there is no such study, or a key or a value is wrong; names the key and the
            nearest one.
    """
    path = _path(which)
    values = read_toml(path)
    short = values.pop("quick", None)
    if quick:
        if not isinstance(short, Mapping):
            raise ConfigError(f"{path}: there is no table [quick], which --quick needs")
        values = merge(values, short)
    more = {"seeds": seeds and list(seeds), "baseline": baseline}
    values = merge(values, {"study": {key: value for key, value in more.items() if value}})
    try:
        read = _File.model_validate(values)
    except ValidationError as error:
        found = []
        for problem in problems(error, values):
            if problem.kind == "unknown":
                near = near_key(problem.path, [*keys_of(_File), ("quick",)])
                found.append(f"unknown key {problem.key!r}{near}")
            else:
                found.append(f"{problem.key}: {problem.text}" if problem.key else problem.text)
        raise ConfigError(f"{path}: {'; '.join(found)}") from None
    about = read.study
    methods = _chosen(read.methods, about.methods)
    chosen = about.baseline or next(iter(methods))
    if chosen not in methods:
        raise ConfigError(
            f"{path}: the baseline {chosen!r} is no method of the study{nearest(chosen, methods)}"
        )
    return Study(
        name=path.stem + ("-quick" if quick else ""),
        description=about.description,
        folder=path.absolute().parent,
        seeds=tuple(about.seeds),
        baseline=chosen,
        settings=merge(read.settings, {"evaluate": read.evaluate}),
        environments=_chosen(read.environments, about.environments),
        methods=methods,
    )


def _chosen(tables: Mapping[str, Settings], names: Sequence[str]) -> dict[str, Settings]:
    return {name: tables[name] for name in tables if not names or name in names}


def _shipped() -> dict[str, Path]:
    folder = Path(str(files("mentor_lab.study").joinpath("shipped")))
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def _path(which: str) -> Path:
    """The file of a study.

    Raises:
        ConfigError: there is neither such a file nor such a shipped study.
    """
    known, path = _shipped(), Path(which).expanduser()
    if which in known:
        return known[which]
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise ConfigError(f"{path}: there is no such file")
        if not is_name(path.stem):
            raise ConfigError(f"{path}: the study's name is a folder's; rename the file")
        return path
    raise ConfigError(
        f"{which!r} is neither a file nor a study of the laboratory{nearest(which, known)}"
    )
