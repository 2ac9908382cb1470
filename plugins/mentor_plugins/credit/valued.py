"""Valued: base of credits that give each turn an advantage from a critic's values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.credit import Credit, Layout
from mentor_core.contracts.reward import Composed, Floats
from mentor_toolkit.group_means import group_means

__all__ = ["Valued"]


class Valued(Credit, ABC):
    """All tokens of a turn get the turn's advantage, and an episode without a reward gets 0.

    While the critic gives no values, all turns get the reward less the group's mean. Advantages are
    in units of the reward. A division by a batch's deviation would enlarge the critic's errors in a
    batch whose episodes are alike.
    """

    def assign(
        self, composed: Composed, groups_B: npt.NDArray[np.int64], layouts: Sequence[Layout]
    ) -> list[Floats]:
        rewards_B = composed.rewards_B
        scored = np.flatnonzero(~np.isnan(rewards_B)).tolist()
        turns = {b: len(layouts[b].spans) for b in scored}
        if composed.values_N is None:
            differences_B = rewards_B - group_means(rewards_B, groups_B)
            of_turns = {b: np.full(turns[b], differences_B[b]) for b in scored}
        else:
            of_turns = self.of_turns(composed, composed.values_N, turns)
        found = [np.zeros(layout.length) for layout in layouts]
        for b, advantages_N in of_turns.items():
            for span, advantage in zip(layouts[b].spans, advantages_N, strict=True):
                if span is not None:
                    found[b][slice(*span)] = advantage
        return found

    @abstractmethod
    def of_turns(
        self, composed: Composed, values_N: Sequence[Floats], turns: dict[int, int]
    ) -> dict[int, Floats]:
        """Index of a trajectory → the advantages of its turns.

        Args:
            values_N: the critic's values, for all trajectories.
            turns: index of each trajectory with a reward → the number of its turns.
        """
