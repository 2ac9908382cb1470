"""Learner and Critic: parts of a run that learn from its episodes, in all processes alike.

score ─ note ─ one gather ─ compose ─ values ─ credit ─ learn

Everything after the gather depends on the same data in all processes, so their states stay equal.
A batch is judged before it is learnt from: no episode trains the value that it is judged by.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.reward import Composed, Example, Floats, Scores, Worth

__all__ = ["Critic", "Judged", "Learner"]


@dataclass(frozen=True, slots=True)
class Judged:
    """The B episodes of a batch that may train a learner; each has a reward.

    Attributes:
        scores: their scores.
        composed: their rewards, with the values that they were judged by.
        outcomes: in [0, 1]; None if not verified.
        replayed: number of replayed turns; the states before them are not the student's.
    """

    scores: Scores
    composed: Composed
    outcomes: Sequence[float | None]
    replayed: Sequence[int]


class Learner(Stateful, ABC):
    """A critic, composer or reward term that learns between the steps of a training.

    `state` holds everything that `learn` changes, so that a resumed run goes on bit for bit.
    """

    @abstractmethod
    def note(self, example: Example) -> Any:
        """A small, picklable note of one episode: processes exchange notes, not episodes."""

    @abstractmethod
    def learn(self, notes: Sequence[Any], judged: Judged) -> Mapping[str, float | None]:
        """Learn from a batch, after its advantages are known; draws no unseeded random number.

        Args:
            notes: of the episodes in `judged`, B ≥ 1.

        Returns:
            Name → figure, for the metric `PART/NAME`; None: nothing was measured.
        """


class Critic(Learner):
    """Predicts the reward that is still to come, in each state of an episode.

    Attributes:
        requires: terms that must be among the reward's terms.
        gives: values of the composed reward, or one column a reward term.
    """

    requires: ClassVar[tuple[str, ...]] = ()
    gives: ClassVar[Worth] = "reward"

    discount: float = Field(
        1.0, gt=0, le=1, description="weight of a reward that comes one turn later"
    )

    @abstractmethod
    def values(self, notes: Sequence[Any]) -> list[Floats] | None:
        """For each episode the values [turns + 1], or [turns + 1, K] by term; finite.

        The values are those before each turn, and the terminal value after the last one. None: too
        little is learnt. Credits then do without values.
        """
