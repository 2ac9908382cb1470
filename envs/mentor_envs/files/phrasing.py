"""The English of the generated tasks, `phrases.toml`: several sentences for each chore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mentor_envs.words import read_words

__all__ = ["OPENINGS", "PHRASES"]

_READ = read_words(__package__, "phrases.toml")
PHRASES: Mapping[str, Sequence[str]] = _READ["phrases"]
OPENINGS: Sequence[str] = _READ["openings"]
"""Beginnings of tasks whose paths start in a directory."""
