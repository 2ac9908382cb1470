"""Words of generated worlds: TOML files beside the generators that draw from them."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

__all__ = ["read_words"]


def read_words(package: str, file: str) -> dict[str, Any]:
    """The tables of a TOML file of a package, in their order: generators draw by position."""
    return tomllib.loads(files(package).joinpath(file).read_text(encoding="utf-8"))
