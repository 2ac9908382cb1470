"""Offline_warmstart: values from saved trajectories before the first step, and changed rarely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, PrivateAttr

from mentor_core.contracts.learner import Judged
from mentor_core.contracts.reward import Example, Floats
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Trajectory, read_trajectories
from mentor_core.support.errors import ConfigError
from mentor_plugins.critics.features import by_episode, own, states
from mentor_plugins.critics.linear import Linear
from mentor_toolkit.ridge import Features, Ridge

__all__ = ["OfflineWarmstart"]


class OfflineWarmstart(Linear):
    """V(s) = w·x(s), as `linear`; fitted first to trajectories of `files`, and switched rarely.

    With files, the first batch has values. An episode of a file has its saved reward, which its
    last turn earned, or else its outcome. Successful episodes of a teacher or an expert are the
    references of their tasks. References alone tell no bad state from a good one, so files should
    have a student's episodes, too: `trajectories/train.jsonl` of an earlier run.

    w stays as it is until det(I + XᵀX/ridge) is `switch` times that at the last change. So the data
    decide, and with `switch` = 2 there are at most d·log₂(1 + T·L²/(ridge·d)) changes in T states
    of d features with |x| ≤ L. The figure `switches` counts the changes.

    Differences from the source: V takes the place of the optimal Q, and the policy is not reset at
    a switch. The source's bonus is the sampler `optimistic`. Its guarantee is for other function
    classes than language models, and nothing of it is claimed here.

    Source: Actor-Critics Can Achieve Optimal Sample Efficiency (arXiv 2505.03710): rare switching,
    and critics initialised with offline data. The determinant as a criterion: Abbasi-Yadkori et al.
    (2011), section 5.1.
    """

    memory: float = Field(1.0, ge=0, le=1, description="weight of the old data, at each batch")
    files: list[Path] = Field(default_factory=list, description="trajectories, JSON lines")
    weight: float = Field(1.0, gt=0, le=1, description="weight of a state of the files")
    switch: float = Field(2.0, ge=1, description="growth of the determinant until w changes")

    _weights_D: Floats | None = PrivateAttr(default=None)
    _volume: float = PrivateAttr(default=0.0)
    _switches: int = PrivateAttr(default=0)

    def model_post_init(self, _: Any) -> None:
        """Fits the files' trajectories.

        Raises:
            DataError: a file cannot be read; names file, line and field.
            ConfigError: no trajectory has turns, and a reward or an outcome.
        """
        self._fits["reward"] = Ridge(self.ridge)
        if self.files:
            self._begin([t for file in self.files for t in read_trajectories(file)])

    def _begin(self, saved: Sequence[Trajectory]) -> None:
        references: dict[TaskKey, list[Trajectory]] = {}
        for each in saved:
            if each.source in ("teacher", "expert") and each.outcome == 1.0:
                references.setdefault(each.task_key, []).append(each)
        rows: list[Features] = []
        targets: list[float] = []
        for each in saved:
            total = each.outcome if each.reward is None else each.reward
            if total is None or each.end == "error":
                continue
            task, count = Task(each.task_id, each.env, ""), len(each.turns)
            found = states(Example(each, task, references.get(each.task_key, ())))
            for k in own(count, each.replayed):
                rows.append(found[k])
                targets.append(total * self.discount ** (count - 1 - k))
        if not rows:
            raise ConfigError(
                "critic offline_warmstart: option 'files': no trajectory has turns and a reward or "
                "an outcome; expected trajectories/train.jsonl or references.jsonl of a run"
            )
        fit, root = self._fits["reward"], self.weight**0.5
        fit.add(fit.design(rows, grow=True) * root, np.array(targets) * root)
        self._switch()

    def values(self, notes: Sequence[list[Features]]) -> list[Floats] | None:
        if self._weights_D is None:
            return None
        rows = [state for note in notes for state in note]
        known_RD = self._fits["reward"].design(rows)[:, : len(self._weights_D)]
        return by_episode(known_RD @ self._weights_D, notes)

    def learn(self, notes: Sequence[list[Features]], judged: Judged) -> Mapping[str, float | None]:
        figures = super().learn(notes, judged)
        first = self._weights_D is None and self._batches >= self.warmup
        grown = self._log_determinant() - self._volume >= np.log(self.switch)
        if first or (self._weights_D is not None and grown):
            self._switch()
        return {**figures, "switches": float(self._switches)}

    def _switch(self) -> None:
        """Let the values be those of all data seen so far."""
        self._weights_D, self._volume = self._fits["reward"].solve(), self._log_determinant()
        self._switches += 1

    def _log_determinant(self) -> float:
        gram_DD = self._fits["reward"].gram_DD
        return float(np.linalg.slogdet(np.eye(len(gram_DD)) + gram_DD / self.ridge)[1])

    def state(self) -> dict[str, Any]:
        weights = None if self._weights_D is None else self._weights_D.tolist()
        switched = {"weights": weights, "volume": self._volume, "switches": self._switches}
        return super().state() | switched

    def restore(self, state: dict[str, Any]) -> None:
        if not state:
            return
        super().restore(state)
        self._volume, self._switches = state["volume"], state["switches"]
        weights = state["weights"]
        self._weights_D = None if weights is None else np.array(weights)
