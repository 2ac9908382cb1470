"""Old keys: settings of runs that began before a key was renamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["RENAMED", "with_new_keys"]

RENAMED = {
    ("rollout", "turn_tokens"): "max_turn_tokens",
    ("rollout", "episode_tokens"): "max_episode_tokens",
}
"""(table, old key) → the key's name now."""


def with_new_keys(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with each renamed key under its new name, unless both are given."""
    renamed = dict(settings)
    for (name, old), new in RENAMED.items():
        table = renamed.get(name)
        if isinstance(table, Mapping) and old in table and new not in table:
            renamed[name] = {new if key == old else key: value for key, value in table.items()}
    return renamed
