"""EpisodeTable: a bounded sample of a step's episodes, as rows that a table can show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any

from pydantic import Field

from mentor_core.contracts.tracker import Tracker
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_core.support.errors import bounded

__all__ = ["EpisodeTable", "columns_and_cells", "is_won"]

_MOST_CHARACTERS = 2000


class EpisodeTable(Tracker):
    """A tracker that shows episodes as a table."""

    episodes: int = Field(
        8, ge=0, description="episodes of a step in its table, half of them lost; 0: no table"
    )
    episodes_every: int = Field(10, ge=1, description="steps from one table to the next")

    def table(self, step: int, trajectories: Sequence[Trajectory]) -> list[dict[str, Any]]:
        """Rows for the episodes of a step: column → cell; a cell is None if nothing was measured.

        The first step has a table. There are at most `episodes` rows, and none between tables.
        Lost and won episodes take turns, so that a table has both if a step has both.
        """
        if (step - 1) % self.episodes_every:
            return []
        lost = [trajectory for trajectory in trajectories if not is_won(trajectory)]
        won = [trajectory for trajectory in trajectories if is_won(trajectory)]
        in_turns = chain.from_iterable(zip_longest(lost, won))
        chosen = [trajectory for trajectory in in_turns if trajectory is not None]
        return [_row(step, trajectory) for trajectory in chosen[: self.episodes]]


def is_won(trajectory: Trajectory) -> bool | None:
    """The outcome is 1; None if the episode was not verified."""
    return None if trajectory.outcome is None else trajectory.outcome >= 1


def columns_and_cells(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Rows as the names of columns and lists of cells, as most libraries take a table."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return columns, [[row.get(name) for name in columns] for row in rows]


def _row(step: int, trajectory: Trajectory) -> dict[str, Any]:
    prompt = [each["content"] for each in trajectory.prompt if each["role"] == "user"]
    return {
        "step": step,
        "environment": trajectory.env,
        "task": trajectory.task_id,
        "won": is_won(trajectory),
        "outcome": trajectory.outcome,
        "reward": trajectory.reward,
        "end": trajectory.end,
        "prompt": bounded("\n".join(prompt), _MOST_CHARACTERS),
        "calls": bounded("\n".join(map(_call, trajectory.calls)), _MOST_CHARACTERS),
        "answer": bounded(trajectory.answer or "", _MOST_CHARACTERS),
        **{f"terms/{name}": score for name, score in trajectory.scores.items()},
    }


def _call(call: Call) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    failure = f"{call.failure}: " if call.failure else ""
    return f"{call.name}({arguments}) → {failure}{call.result}"
