"""Choose the reference of a task that teaches best, which may be a weaker teacher's.

A reference that the student itself finds likely is learnt in fewer steps than long detours of a
strong teacher.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

from mentor_core.contracts.trajectory import Trajectory
from mentor_plugins.trainers.taught import Row

__all__ = ["Choice", "Pair", "choose", "likelihood"]

Choice = Literal["all", "likeliest", "shortest", "nearest"]
Pair = tuple[Trajectory, Row]
"""A reference, and its row of token ids."""


def choose(how: Choice, pairs: Sequence[Pair], model: Any) -> list[Pair]:
    """The references of one task that are imitated: one, or all; the first of equal ones.

    Args:
        how: `likeliest` has the highest mean log-probability of the taught tokens under the model.
            `shortest` has the fewest taught tokens. `nearest` has the sequence of calls that is
            most like the sequences of the task's other references.
        pairs: the task's references with their rows.
        model: the student before its training; used by `likeliest` only.
    """
    if how == "all" or len(pairs) < 2:
        return list(pairs)
    scores: dict[Choice, Callable[[Pair], float]] = {
        "likeliest": lambda pair: likelihood(pair[1], model),
        "shortest": lambda pair: -sum(label != -100 for label in pair[1]["labels"]),
        "nearest": lambda pair: sum(_likeness(pair[0], other) for other, _ in pairs),
    }
    return [max(pairs, key=scores[how])]


def likelihood(row: Row, model: Any) -> float:
    """Mean log-probability, in nats, of the row's taught tokens."""
    import torch

    training = model.training
    model.eval()
    with torch.no_grad():
        ids = torch.tensor([row["input_ids"]], device=model.device)
        labels = torch.tensor([row["labels"]], device=model.device)
        loss = model(input_ids=ids, labels=labels).loss
    model.train(training)
    return -float(loss)


def _likeness(one: Trajectory, other: Trajectory) -> float:
    from rapidfuzz.distance import Indel

    return Indel.normalized_similarity(_calls(one), _calls(other))


def _calls(trajectory: Trajectory) -> list[str]:
    return [json.dumps([c.name, c.arguments], sort_keys=True) for c in trajectory.calls]
