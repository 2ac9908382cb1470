"""Wordings of the questions: several for each kind, and others for the shift `phrasing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mentor_envs.words import read_words

__all__ = ["PHRASES", "SHIFTED"]

PHRASES: Mapping[str, Sequence[str]] = read_words(__package__, "phrases.toml")
"""Kind of question → its wordings."""
SHIFTED: Mapping[str, Sequence[str]] = read_words(__package__, "shifted.toml")
"""Kind of question → wordings that only the shift `phrasing` uses."""
