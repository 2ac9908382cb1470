"""Tau: result files of τ-bench (arXiv 2406.12045), a JSON list with one object an episode.

{"task_id": 7, "reward": 1.0, "info": {…}, "traj": [chat-completions messages], "trial": 0}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mentor_core.contracts.trajectory import Trajectory
from mentor_plugins.record_formats.conversation import ChatMessage
from mentor_plugins.record_formats.openai import Openai

__all__ = ["Tau"]


class Tau(Openai):
    """τ-bench's results: chat-completions messages in `traj`, the outcome in `reward`."""

    def read(self, row: Mapping[str, Any]) -> Trajectory:
        return super().read({**row, "outcome": row.get("reward")})

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        return super().parse({"messages": row.get("traj")})

    def write(self, trajectory: Trajectory, tools: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        row = super().write(trajectory, tools)
        row["traj"] = row.pop("messages")
        row["reward"] = row.pop("outcome", None)
        return row
