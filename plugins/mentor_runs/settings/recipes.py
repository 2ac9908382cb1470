"""Recipes: settings of a whole run by name, and what is known of the method behind them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mentor_core.door.registry import RECIPES, resource
from mentor_core.support.errors import ConfigError
from mentor_core.support.validation import problems

__all__ = ["Axis", "Method", "Recipe", "read_recipe"]

Axis = Literal["reward model", "feedback", "optimisation"]
"""The part of learning that a method changes: the reward, the worth of each token, or the update of
the student's weights.
"""


class Method(BaseModel):
    """The table `[method]` of a recipe: a published method, for `mentor methods`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_min_length=1)

    source: str = Field(description="publication, with the section or formula")
    axes: list[Axis] = Field(min_length=1, description="the parts that the method changes")
    use: str = Field(description="when to use the method")
    cost: str = Field(description="what the method costs beside plain reinforcement")
    proof: str = Field(description="what a test shows")
    test: str = Field(description="the test, as pytest names it")
    left_out: str = Field(description="differences from the source")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe's file.

    Attributes:
        description: one line.
        method: None if the recipe is no published method.
        settings: nested settings, as `resolve` takes them.
    """

    name: str
    description: str
    method: Method | None
    settings: dict[str, Any]


def read_recipe(name: str) -> Recipe:
    """Read a recipe; `resolve` checks its settings.

    Raises:
        UnknownName: there is no such recipe.
        ConfigError: the file is not TOML, or its table `[method]` is wrong.
    """
    where = f"recipe {name!r}"
    text = resource(RECIPES, name)
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}") from None
    description, table = settings.pop("description", ""), settings.pop("method", None)
    if not isinstance(description, str):
        raise ConfigError(f"{where}: description: expected text, not {description!r}")
    try:
        method = None if table is None else Method.model_validate(table)
    except ValidationError as error:
        found = problems(error, table)
        first = min(found, key=lambda problem: problem.kind != "unknown")  # not what it hides
        raise ConfigError(f"{where}, table method: {first.key}: {first.text}") from None
    return Recipe(name, description, method, settings)
