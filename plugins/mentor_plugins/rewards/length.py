"""Length: was the task solved within the tokens, or turns, that are enough?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Length"]


class Length(RewardTerm):
    """1 up to `target`, 0 from `limit` on, in a straight line between them.

    The policy's own output counts: sampled tokens, turns, or the characters of the turns' texts. A
    trajectory that is not right gets 0, as saying nothing would else be the shortest.

    None if the outcome could not be verified, or if tokens count and are not recorded.
    """

    unit: Literal["tokens", "turns", "characters"] = Field(
        "tokens", description="unit of the length"
    )
    target: int = Field(512, ge=0, description="length that costs nothing")
    limit: int = Field(2048, gt=0, description="length from which the score is 0")
    threshold: float = Field(
        1.0, gt=0, le=1, description="outcome from which a trajectory counts as right"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Length:
        if self.target >= self.limit:
            raise ValueError(f"target ({self.target}) must be less than limit ({self.limit})")
        return self

    @property
    def reads_text(self) -> bool:  # type: ignore[override]
        return self.unit == "characters"

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        length = self._length(trajectory)
        if trajectory.outcome is None or length is None:
            return None
        if trajectory.outcome < self.threshold:
            return 0.0
        return min(1.0, max(0.0, (self.limit - length) / (self.limit - self.target)))

    def _length(self, trajectory: Trajectory) -> int | None:
        match self.unit:
            case "tokens":
                return None if trajectory.tokens is None else sum(trajectory.tokens.mask)
            case "turns":
                return len(trajectory.turns)
            case "characters":
                return sum(len(turn.text) for turn in trajectory.turns)
