"""Reward: the terms of a run with their weights, applied to a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mentor_core.contracts.reward import Composer, Example, Need, RewardTerm, Scores
from mentor_core.support.errors import ConfigError, RewardError
from mentor_core.support.scalars import as_float

__all__ = ["Reward", "apply_term"]


class Reward:
    """Terms with weights, and the composer that puts them together.

    Args:
        terms: name → term, in the order of the columns.
        weights: name → weight, finite, not all zero.
        composer: see `Composer`.

    Raises:
        ConfigError: there is no term; a weight is not finite, or has no term; or all weights are
            zero. Also if a term that the composer requires is missing, or if `Composer.check`
            refuses.
    """

    def __init__(
        self,
        terms: Mapping[str, RewardTerm],
        weights: Mapping[str, float],
        composer: Composer,
    ) -> None:
        if not terms:
            raise ConfigError("a reward needs at least one term")
        for name, weight in weights.items():
            if name not in terms:
                raise ConfigError(f"a weight is given for {name!r}, which is not a term")
            if not math.isfinite(weight):
                raise ConfigError(f"the weight of reward term {name!r} is {weight}")
        if not any(weights.values()):
            raise ConfigError("all weights of the reward terms are zero")
        missing = [name for name in composer.requires if name not in terms]
        if missing:
            raise ConfigError(
                f"the composer {type(composer).__name__} requires the reward term(s) "
                f"{', '.join(missing)}"
            )
        self.terms, self.composer = dict(terms), composer
        complete = {name: weights.get(name, 0.0) for name in terms}
        composer.check(self.terms, complete)
        self.weights_K = np.array([*complete.values()], dtype=np.float64)

    @property
    def needs(self) -> dict[Need, list[str]]:
        """Need → the names of the terms that have it."""
        found: dict[Need, list[str]] = {}
        for name, term in self.terms.items():
            for need in sorted(term.needs):
                found.setdefault(need, []).append(name)
        return found

    def score(self, batch: Sequence[Example]) -> Scores:
        """Score a batch with every term, and note each trajectory's scores on it.

        Raises:
            RewardError: a term raised, or left its declared bounds; names term and trajectory.
        """
        values_BK = np.full((len(batch), len(self.terms)), np.nan)
        turns_NK = [np.full((len(e.trajectory.turns), len(self.terms)), np.nan) for e in batch]
        for k, (name, term) in enumerate(self.terms.items()):
            for b, example in enumerate(batch):
                value, turns = apply_term(name, term, example)
                example.trajectory.scores[name] = value
                if value is not None:
                    values_BK[b, k] = value
                if turns is not None:
                    turns_NK[b][:, k] = [np.nan if turn is None else turn for turn in turns]
        groups_B = np.array([example.trajectory.group or 0 for example in batch], dtype=np.int64)
        return Scores(tuple(self.terms), self.weights_K, values_BK, turns_NK, groups_B)


def apply_term(
    name: str, term: RewardTerm, example: Example, turns: bool = True
) -> tuple[float | None, list[float | None] | None]:
    """A term's score of one trajectory, and the additions of its turns if `turns` is set.

    Raises:
        RewardError: the term raised, or left its declared bounds; names term and trajectory.
    """
    arguments = example.trajectory, example.task, example.references
    where = f"reward term {name!r} on a trajectory of task {example.task.id!r}"
    try:
        value = term.score(*arguments)
        added = term.score_turns(*arguments) if turns else None
    except Exception as error:  # a plugin's code: passed on, with term and task
        raise RewardError(f"{where} raised {type(error).__name__}: {error}") from error
    if value is not None and (value := as_float(value)) is None:
        raise RewardError(f"{where} gave something that is no number")
    low, high = term.bounds
    if value is not None and not low <= value <= high:  # also catches NaN
        raise RewardError(f"{where} gave {value}, outside its bounds [{low}, {high}]")
    for score in added or ():
        if score is not None and not abs(score) <= high - low:
            raise RewardError(
                f"{where} gave a turn {score}, and no turn can add more than the width of its "
                f"bounds [{low}, {high}]"
            )
    if added is not None and len(added) != len(example.trajectory.turns):
        raise RewardError(
            f"{where} gave {len(added)} per-turn scores for {len(example.trajectory.turns)} turns"
        )
    return value, added
