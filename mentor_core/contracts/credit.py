"""Credit: from composed rewards to one advantage a token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.reward import Composed, Floats, Worth

__all__ = ["Credit", "Layout"]


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of the sampled tokens in one trajectory.

    Attributes:
        length: number of completion tokens T.
        spans: [start, end) of each turn's sampled tokens; None for a turn without any.
    """

    length: int
    spans: Sequence[tuple[int, int] | None]


class Credit(Stateful, ABC):
    """Assigns the rewards of a batch to its tokens."""

    needs_turns: ClassVar[bool] = False
    """True if the credit needs rewards per turn, which not every composer gives."""
    needs_values: ClassVar[Worth | None] = None
    """The values that the credit needs of a critic. A critic that has learnt too little gives none,
    so the credit must do without in the first steps.
    """

    @abstractmethod
    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        """Advantages, one array [T] a trajectory.

        Args:
            composed: rewards; NaN (not scored) must give advantages of 0.
            groups_B: number of each trajectory's group.
            layouts: B layouts. Advantages outside the spans are ignored.
        """
