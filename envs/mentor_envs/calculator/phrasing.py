"""The English of the generated word problems, `phrases.toml`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mentor_envs.words import read_words

__all__ = ["ITEMS", "NAMES", "PHRASES", "Phrases"]


class Phrases(NamedTuple):
    """Templates of one kind of sentence; no task of train or eval uses the ood templates."""

    train: Sequence[str]
    ood: Sequence[str]


_READ = read_words(__package__, "phrases.toml")
NAMES: list[str] = _READ["names"]
ITEMS: list[str] = _READ["items"]
PHRASES = {kind: Phrases(**phrases) for kind, phrases in _READ["phrases"].items()}
"""Kind of sentence → its templates."""
