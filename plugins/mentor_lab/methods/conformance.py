"""The conformance suite of methods: promises of composers, credits, objectives and teachers.

assert broken(check_credit(MyCredit())) == []
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.credit import Credit
from mentor_core.contracts.objective import MicroBatch, Objective
from mentor_core.contracts.reward import Composer, Floats, Scores
from mentor_lab.methods.batches import Rewarded, rewarded_batches, scores
from mentor_lab.search import search
from mentor_lab.verdict import Problem, Property, Untested, Verdict

__all__ = ["broken", "check_composer", "check_credit", "check_objective"]


def broken(verdicts: Iterable[Verdict]) -> list[str]:
    """The broken promises, each with its smallest counter-example, for an assertion."""
    return [str(verdict) for verdict in verdicts if verdict.problem is not None]


def check_composer(composer: Composer, examples: int = 200) -> list[Verdict]:
    """Try to break each promise of a composer. The same composer always gets the same examples.

    The reward has the terms that the composer requires, or else `outcome` and `teacher`.
    """
    return _search(
        composer, _compose, scores(composer.requires or ("outcome", "teacher")), examples
    )


def check_credit(credit: Credit, examples: int = 200) -> list[Verdict]:
    """Try to break each promise of a credit. The same credit always gets the same examples."""
    return _search(credit, _assign, rewarded_batches(), examples)


def check_objective(objective: Objective, examples: int = 50) -> list[Verdict]:
    """Try to break each promise of an objective that needs no second model."""
    differentiable = Property("gradient", "gives finite losses and gradients", _gradient)
    return search(objective, [differentiable], st.integers(0, 2**32 - 1), examples)


Run = Callable[[Any, Any], list[Floats]]
"""Runs a method on an example: an array for each trajectory. NaN: no reward."""


def _compose(composer: Composer, example: Scores) -> list[Floats]:
    composed = composer.compose(example, 0.5)
    if composed.rewards_B.shape != example.groups_B.shape:
        raise ValueError(f"rewards_B has the shape {composed.rewards_B.shape}")
    if np.isinf(composed.rewards_B).any():
        raise ValueError("a reward is infinite")
    lost = np.isnan(example.values_BK).all(1) & ~np.isnan(composed.rewards_B)
    if lost.any():
        raise ValueError("a trajectory that no term scores has a reward")
    return [composed.rewards_B, *(composed.turns_N or ())]


def _assign(credit: Credit, example: Rewarded) -> list[Floats]:
    assigned = credit.assign(example.composed, example.groups_B, example.layouts)
    if len(assigned) != len(example.layouts):
        raise ValueError(f"{len(assigned)} arrays for {len(example.layouts)} trajectories")
    for reward, layout, advantages in zip(
        example.composed.rewards_B, example.layouts, assigned, strict=True
    ):
        if np.shape(advantages) != (layout.length,):
            raise ValueError(f"{np.shape(advantages)} advantages for {layout.length} tokens")
        if not np.isfinite(advantages).all():
            raise ValueError("an advantage is not finite")
        spoken = [advantages[slice(*span)] for span in layout.spans if span is not None]
        if np.isnan(reward) and any(np.any(part != 0) for part in spoken):
            raise ValueError("a trajectory without a reward has advantages")
    return assigned


def _search(
    method: Stateful, run: Run, strategy: st.SearchStrategy[Any], examples: int
) -> list[Verdict]:
    properties: list[Property[Stateful, Any]] = [
        Property("contract", "gives what its contract says", lambda m, e: _sound(m, run, e)),
        Property("deterministic", "gives the same again", lambda m, e: _same(m, run, e)),
        Property("pure", "does not change its input", lambda m, e: _pure(m, run, e)),
        Property("resumed", "goes on from its saved state", lambda m, e: _resumed(m, run, e)),
    ]
    return search(method, properties, strategy, examples)


def _sound(method: Stateful, run: Run, example: Any) -> Problem | None:
    try:
        run(deepcopy(method), deepcopy(example))
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return Problem(f"{type(error).__name__}: {error}", example)
    return None


def _ran(method: Stateful, run: Run, example: Any) -> list[Floats]:
    """The results.

    Raises:
        Untested: the method raised.
    """
    try:
        return run(method, example)
    except Exception as error:  # whatever it raises is a finding of another promise
        raise Untested from error


def _same(method: Stateful, run: Run, example: Any) -> Problem | None:
    first, second = (_ran(deepcopy(method), run, deepcopy(example)) for _ in range(2))
    return None if _equal(first, second) else Problem("it gave something else again", example)


def _pure(method: Stateful, run: Run, example: Any) -> Problem | None:
    shown = deepcopy(example)
    _ran(deepcopy(method), run, shown)
    return None if repr(shown) == repr(example) else Problem("it changed its input", example)


def _resumed(method: Stateful, run: Run, example: Any) -> Problem | None:
    one, other = deepcopy(method), deepcopy(method)
    _ran(one, run, deepcopy(example))
    try:
        other.restore(json.loads(json.dumps(one.state(), allow_nan=False)))
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return Problem(f"state and restore: {type(error).__name__}: {error}", example)
    if _equal(_ran(one, run, deepcopy(example)), _ran(other, run, deepcopy(example))):
        return None
    return Problem("after restore it gave something else", example)


def _equal(some: list[Floats], others: list[Floats]) -> bool:
    pairs = zip(some, others, strict=False)
    return len(some) == len(others) and all(
        np.array_equal(one, other, equal_nan=True) for one, other in pairs
    )


def _gradient(objective: Objective, seed: int) -> Problem | None:
    batch, logps_BT = _micro_batch(seed)
    try:
        losses_BT, figures = objective.loss(batch)
        for name, value in {"the loss": losses_BT, **figures}.items():
            if value.shape != logps_BT.shape or not value.isfinite().all():
                return Problem(f"{name} is not a finite tensor [B, T]", batch)
        (losses_BT * batch.mask_BT).sum().backward()
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return Problem(f"{type(error).__name__}: {error}", batch)
    if logps_BT.grad is None or not logps_BT.grad.isfinite().all():
        return Problem("logps_BT has no finite gradient", batch)
    return None


def _micro_batch(seed: int) -> tuple[MicroBatch, Any]:
    """A random batch [3, 5], and its log-probabilities, whose gradients are wanted."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    size = (3, 5)
    logps_BT = (-4 * torch.rand(size, generator=draw)).requires_grad_()
    old_logps_BT = logps_BT.detach() + 0.3 * torch.randn(size, generator=draw)
    advantages_BT = torch.randn(size, generator=draw)
    mask_BT = (torch.rand(size, generator=draw) < 0.7).float()
    ids_BL = torch.randint(0, 50, (3, 9), generator=draw)
    entropies_BT = 2 * torch.rand(size, generator=draw)
    batch = MicroBatch(
        logps_BT=logps_BT,
        old_logps_BT=old_logps_BT,
        entropies_BT=entropies_BT,
        advantages_BT=advantages_BT,
        mask_BT=mask_BT,
        ids_BL=ids_BL,
        attention_BL=torch.ones_like(ids_BL),
        trajectories=[],
        training_progress=0.5,
    )
    return batch, logps_BT
