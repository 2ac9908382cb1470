"""Prices: the cost of a model's tokens, from a table that the user writes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mentor_core.contracts.provenance import Usage
from mentor_core.support.errors import ConfigError
from mentor_core.support.validation import problems

__all__ = ["Price", "Prices"]

Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Price(BaseModel):
    """US dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Dollars
    completion: Dollars


_TABLE = TypeAdapter(dict[str, Price])


class Prices:
    """Models and their prices; the first pattern that a model's name matches counts.

    No price is built in: prices change, and a wrong one would be worse than none.

    Args:
        table: pattern, in the syntax for file names → price.
        model: the name that the server is asked for, if the server reports none.
    """

    def __init__(self, table: Mapping[str, Price] | None = None, model: str | None = None) -> None:
        self.table, self.model = dict(table or {}), model

    @classmethod
    def read(cls, path: Path, model: str | None = None) -> Prices:
        """A table from a TOML file.

        Raises:
            ConfigError: the file cannot be read, or a price is wrong; names file and key.
        """
        try:
            table = _TABLE.validate_python(tomllib.loads(path.read_text(encoding="utf-8-sig")))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from error
        except ValidationError as error:
            first, *_ = problems(error)
            raise ConfigError(
                f'{path}: {first.key}: {first.text}; expected ["MODEL"] with prompt = and '
                "completion =, in US dollars for a million tokens"
            ) from None
        return cls(table, model)

    def of(self, model: str | None) -> Price | None:
        """The price of a model; None if the table has none."""
        for name in (model, self.model):
            for pattern, price in self.table.items():
                if name is not None and fnmatchcase(name, pattern):
                    return price
        return None

    def cost(self, usage: Usage) -> float | None:
        """US dollars; None if no price is known."""
        price = self.of(usage.model)
        if price is None:
            return None
        return (
            usage.prompt_tokens * price.prompt + usage.completion_tokens * price.completion
        ) / 1e6
