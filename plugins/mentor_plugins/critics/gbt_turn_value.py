"""Gbt_turn_value: values by gradient boosted trees, which see how features work together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.learner import Critic, Judged
from mentor_core.contracts.reward import Example, Floats
from mentor_plugins.critics.features import by_episode, explained, own_returns, states
from mentor_toolkit.extras import require
from mentor_toolkit.ridge import Features
from mentor_toolkit.window import Window

__all__ = ["GbtTurnValue"]


class GbtTurnValue(Critic):
    """V(s) = a sum of small regression trees of x(s), fitted to the discounted returns.

    The trees are fitted anew every `every` batches, to the turns of the last `window` batches.
    Between the fits V does not change. x are the features of `linear`; a feature that the fit did
    not see counts for nothing. A tree splits on several features in turn. So V may depend on their
    combination: a failure may matter only after a certain tool. `linear` cannot tell.

    The state is the rows of the window, in JSON, and no pickle. A resumed run fits the same trees
    again: the fit is deterministic, in one thread.

    Differences from the source: the trees are fitted anew and not grown from step to step, and the
    policy is no tree.

    Source: GBRL (arXiv 2407.08250); histogram gradient boosting of scikit-learn.
    """

    requires: ClassVar[tuple[str, ...]] = ("outcome",)

    window: int = Field(8, ge=1, description="batches whose turns a fit uses")
    every: int = Field(2, ge=1, description="batches from one fit to the next")
    trees: int = Field(50, ge=1, description="trees of a fit")
    depth: int = Field(3, ge=1, le=12, description="splits from a tree's root to a leaf, at most")
    leaf: int = Field(5, ge=1, description="fewest turns in a leaf")
    rate: float = Field(0.1, gt=0, le=1, description="share of each tree that counts")
    warmup: int = Field(2, ge=1, description="batches to learn from before the first values")

    _turns: Window = PrivateAttr()
    _batches: int = PrivateAttr(default=0)
    _names: list[str] = PrivateAttr(default_factory=list)
    _model: Any = PrivateAttr(default=None)

    def model_post_init(self, _: Any) -> None:
        """Makes room for the rows.

        Raises:
            ConfigError: scikit-learn is not installed.
        """
        require("critic 'gbt_turn_value'", "boosting", "sklearn", "threadpoolctl")
        # All batches that the last fit may have used, until the next fit.
        self._turns = Window(self.window + self.every - 1)

    def note(self, example: Example) -> list[Features]:
        return states(example)

    def values(self, notes: Sequence[list[Features]]) -> list[Floats] | None:
        if self._batches < self.warmup:
            return None
        return by_episode(self._predicted([state for note in notes for state in note]), notes)

    def learn(self, notes: Sequence[list[Features]], judged: Judged) -> Mapping[str, float | None]:
        rows, targets = own_returns(notes, judged, self.discount)
        figures = {"explained": explained(judged, targets)}
        wanted = np.concatenate(targets).tolist()
        self._turns.add([[dict(row), target] for row, target in zip(rows, wanted, strict=True)])
        self._batches += 1
        if self._since_fit() == 0:
            self._fit()
        return figures

    def _since_fit(self) -> int:
        """Batches since the last fit; negative before the first."""
        beyond = self._batches - self.warmup
        return beyond % self.every if beyond >= 0 else beyond

    def _fit(self) -> None:
        """Fit the trees to the window as it was at the last fit."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        batches = self._turns.state()
        end = len(batches) - self._since_fit()
        rows = [row for batch in batches[max(end - self.window, 0) : end] for row in batch]
        self._names = sorted({name for features, _ in rows for name in features})
        self._model = None
        if not rows:
            return
        self._model = HistGradientBoostingRegressor(
            max_iter=self.trees,
            max_depth=self.depth,
            min_samples_leaf=self.leaf,
            learning_rate=self.rate,
            early_stopping=False,
            random_state=0,
        )
        with _one_thread():
            self._model.fit(self._design([row[0] for row in rows]), [row[1] for row in rows])

    def _predicted(self, rows: Sequence[Features]) -> Floats:
        if self._model is None:
            return np.zeros(len(rows))
        with _one_thread():
            return np.asarray(self._model.predict(self._design(rows)), np.float64)

    def _design(self, rows: Sequence[Features]) -> Floats:
        """The rows as a matrix [R, D + 1]; the last column is 0, for rows without any feature."""
        return np.array([[*(row.get(name, 0.0) for name in self._names), 0.0] for row in rows])

    def state(self) -> dict[str, Any]:
        return {"batches": self._batches, "turns": self._turns.state()}

    def restore(self, state: dict[str, Any]) -> None:
        if state:
            self._batches = state["batches"]
            self._turns.restore(state["turns"])
            if self._since_fit() >= 0:
                self._fit()


def _one_thread() -> Any:
    """Sums in the same order on every machine, and no threads for a few thousand rows."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="openmp")
