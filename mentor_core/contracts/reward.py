"""RewardTerm and Composer: from trajectories to one reward each.

    trajectories ─ terms ─→ Scores [batch, term] ─ composer ─→ Composed [batch]

Throughout, "not scored" is None on the plugin's side and NaN inside the arrays. "Not scored" is
never 0.

Shape suffixes: B trajectories, K terms, N turns of one trajectory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from mentor_core.contracts.component import Component, Stateful
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import ConfigError

__all__ = [
    "NEEDS",
    "Composed",
    "Composer",
    "Example",
    "Floats",
    "Need",
    "RewardTerm",
    "Scores",
    "Worth",
    "has",
]

Floats = npt.NDArray[np.float64]
Need = Literal["answer", "reference", "gold", "schemas"]
"""Needs of a term: the task's answer, a verified reference, or, in the task's metadata, the right
calls (`calls`) or the tools' schemas (`functions`).
"""
Worth = Literal["reward", "terms"]
"""Subject of a critic's values: the composed reward, or each reward term by itself."""
NEEDS: dict[Need, str] = {
    "answer": "the task's answer",
    "reference": "a verified reference",
    "gold": "the task's gold calls",
    "schemas": "the schemas of the task's tools",
}
"""Need → its name in messages."""


def has(need: Need, task: Task, references: Sequence[Trajectory]) -> bool:
    """True if a task with these references fulfils a term's need."""
    match need:
        case "answer":
            return task.answer is not None
        case "reference":
            return bool(references)
        case "gold":
            return task.metadata.get("calls") is not None
        case "schemas":
            return bool(task.metadata.get("functions"))


class RewardTerm(Component, ABC):
    """Scores one aspect of a trajectory.

    A term is deterministic and does not change its input. A run that cannot fulfil the term's
    `needs` is refused before it starts.
    """

    needs: ClassVar[frozenset[Need]] = frozenset()
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    reads_text: ClassVar[bool] = False
    """True if the term reads a policy's text beside its calls and its answer."""
    asks_server: ClassVar[bool] = False
    """True if a score may cost money: a report never scores again with such a term."""

    @abstractmethod
    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        """The score within `bounds`; None if the term does not apply.

        Args:
            trajectory: the episode to score.
            task: its task.
            references: verified reference trajectories of the same task, possibly none.
        """

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        """The addition of each turn to the score; None if the term has no meaning per turn.

        Each addition is within ± the width of `bounds`. The sum is the turns' total effect on the
        score, so that rewards per turn favour the same episodes as the score.
        """
        return None

    def explain(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[str]:
        """An explanation of the score: lines for a person, the first about the whole.

        The default names missing needs and each turn's addition. It also gives the score without a
        turn, if that differs. A term with a better explanation overrides the method.
        """
        value = self.score(trajectory, task, references)
        lines = [_shown(value)]
        if value is None:
            lines += [
                f"it needs {NEEDS[need]}, and there is none"
                for need in sorted(self.needs)
                if not has(need, task, references)
            ]
        turns = self.score_turns(trajectory, task, references)
        for index in range(len(trajectory.turns)):
            rest = [*trajectory.turns[:index], *trajectory.turns[index + 1 :]]
            without = self.score(replace(trajectory, turns=rest), task, references)
            facts = [] if turns is None else [f"adds {_shown(turns[index])}"]
            facts += [] if without == value else [f"without it {_shown(without)}"]
            if facts:
                lines.append(f"turn {index + 1}: {'; '.join(facts)}")
        return lines


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a batch.

    Attributes:
        terms: K names.
        weights_K: the user's weights.
        values_BK: scores; NaN if not scored.
        turns_NK: for each of the B trajectories one array [turns, K] of each turn's additions; NaN
            if not scored.
        groups_B: number of each trajectory's group.
    """

    terms: tuple[str, ...]
    weights_K: Floats
    values_BK: Floats
    turns_NK: list[Floats]
    groups_B: npt.NDArray[np.int64]

    def rows(self, members: npt.NDArray[np.int64]) -> Scores:
        """The scores of some of the trajectories, by their indices."""
        turns_NK = [self.turns_NK[b] for b in members]
        values_BK, groups_B = self.values_BK[members], self.groups_B[members]
        return Scores(self.terms, self.weights_K, values_BK, turns_NK, groups_B)

    def column(self, term: str) -> Floats:
        """The values of one term, [B].

        Raises:
            ConfigError: the term is not among the reward's terms.
        """
        if term not in self.terms:
            raise ConfigError(
                f"the composer needs the reward term {term!r}; the reward has "
                f"{', '.join(self.terms)}"
            )
        return self.values_BK[:, self.terms.index(term)]


@dataclass(frozen=True, slots=True)
class Composed:
    """Rewards of a batch.

    Attributes:
        rewards_B: rewards; NaN if not scored.
        turns_N: for each trajectory one array [turns] of each turn's addition to the reward; NaN if
            not known. None if the composer gives no rewards per turn.
        values_N: for each trajectory the critic's values, as in `Critic.values`; None: no values.
        discount: the critic's; 1 without a critic.
        scores: the composed scores; None without a critic.
    """

    rewards_B: Floats
    turns_N: list[Floats] | None = None
    values_N: list[Floats] | None = None
    discount: float = 1.0
    scores: Scores | None = None

    def rows(self, members: npt.NDArray[np.int64]) -> Composed:
        """The rewards of some of the trajectories, by their indices."""
        turns_N, values_N = (
            None if of_B is None else [of_B[b] for b in members]
            for of_B in (self.turns_N, self.values_N)
        )
        scores = self.scores.rows(members) if self.scores is not None else None
        return Composed(self.rewards_B[members], turns_N, values_N, self.discount, scores)


class Composer(Stateful, ABC):
    """Turns the scores of a batch into rewards; may keep state from batch to batch."""

    requires: ClassVar[tuple[str, ...]] = ()
    """Terms that must be among the reward's terms."""
    gives_turns: ClassVar[bool] = False
    """True if the composer gives rewards per turn, which some credits need."""

    def check(self, terms: Mapping[str, RewardTerm], weights: Mapping[str, float]) -> None:
        """Refuse terms and weights that do not fit together, before a run starts.

        Args:
            terms: name → term, in the order of the columns.
            weights: the weight of each of them, in the same order.

        Raises:
            ConfigError: terms or weights do not fit; says why.
        """

    @abstractmethod
    def compose(self, scores: Scores, training_progress: float) -> Composed:
        """Compose.

        Args:
            scores: the whole batch, all processes together.
            training_progress: share of the training that is done, in [0, 1].
        """


@dataclass(frozen=True, slots=True)
class Example:
    """A trajectory with the task and the references to score it with."""

    trajectory: Trajectory
    task: Task
    references: Sequence[Trajectory] = ()


def _shown(value: float | None) -> str:
    return "not scored" if value is None else f"{value:.4g}"
