"""The wordings of the questions, `phrases.toml`: several for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mentor_envs.words import read_words

__all__ = ["PHRASES"]

PHRASES: Mapping[str, Sequence[str]] = read_words(__package__, "phrases.toml")
"""Kind of question → its wordings."""
