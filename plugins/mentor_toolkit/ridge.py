"""Ridge regression on named features, by normal equations that can forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mentor_core.contracts.reward import Floats

__all__ = ["Features", "Ridge", "solved"]

Features = Mapping[str, float]
"""Name of a feature → its value; a feature that is left out is 0."""


class Ridge:
    """min_w Σ (w·x − y)² + penalty·|w|², with an intercept that has no penalty.

    New features may come at any time, and have weight 0 before. Shapes: R rows, D features with the
    intercept.

    Args:
        penalty: positive.
    """

    def __init__(self, penalty: float) -> None:
        self.penalty = penalty
        self._index: dict[str, int] = {}
        self.gram_DD: Floats = np.zeros((1, 1))
        self.moment_D: Floats = np.zeros(1)

    def design(self, rows: Sequence[Features], grow: bool = False) -> Floats:
        """The rows as a matrix [R, D]; features not seen before are left out, or added."""
        if grow:
            for row in rows:
                for name in row:
                    self._index.setdefault(name, len(self._index) + 1)
            known, size = len(self.moment_D), len(self._index) + 1
            gram_DD: Floats = np.zeros((size, size))
            moment_D: Floats = np.zeros(size)
            gram_DD[:known, :known], moment_D[:known] = self.gram_DD, self.moment_D
            self.gram_DD, self.moment_D = gram_DD, moment_D
        design_RD = np.zeros((len(rows), len(self.moment_D)))
        design_RD[:, 0] = 1.0
        for r, row in enumerate(rows):
            for name, value in row.items():
                if name in self._index:
                    design_RD[r, self._index[name]] = value
        return design_RD

    def forget(self, memory: float) -> None:
        """Multiply the weight of everything seen so far by `memory`, in [0, 1]."""
        self.gram_DD *= memory
        self.moment_D *= memory

    def add(self, design_RD: Floats, targets_R: Floats) -> None:
        """Add rows of weight 1."""
        self.gram_DD += design_RD.T @ design_RD
        self.moment_D += design_RD.T @ targets_R

    def solve(self, moment_D: Floats | None = None) -> Floats:
        """The weights w, [D], for the targets seen or for another moment XᵀY."""
        wanted_D = self.moment_D if moment_D is None else moment_D
        return solved(self.gram_DD, wanted_D, self.penalty)

    def state(self) -> dict[str, Any]:
        """The normal equations, as JSON values."""
        return {
            "features": [*self._index],
            "gram": self.gram_DD.tolist(),
            "moment": self.moment_D.tolist(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved `state()`."""
        self._index = {name: place for place, name in enumerate(state["features"], 1)}
        self.gram_DD, self.moment_D = np.array(state["gram"]), np.array(state["moment"])


def solved(gram_DD: Floats, moment_D: Floats, penalty: float) -> Floats:
    """The weights of a ridge regression, [D]; the first column is the intercept, without penalty.

    Args:
        gram_DD: XᵀX.
        moment_D: XᵀY.
        penalty: positive.
    """
    penalty_D = np.full(len(moment_D), penalty)
    penalty_D[0] = 1e-9  # only so that there is a solution without any row
    found_D = np.linalg.solve(gram_DD + np.diag(penalty_D), moment_D)
    return found_D.astype(np.float64, copy=False)
