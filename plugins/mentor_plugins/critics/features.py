"""States: what is known before each turn of an episode, without the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mentor_core.contracts.learner import Judged
from mentor_core.contracts.reward import Composed, Example, Floats
from mentor_core.contracts.trajectory import Turn
from mentor_toolkit.returns import advantages, turn_rewards
from mentor_toolkit.ridge import Features

__all__ = ["by_episode", "explained", "own", "own_returns", "states"]


def states(example: Example) -> list[Features]:
    """The states before each turn and after the last, turns + 1 of them.

    Counts: turns, calls, failures by kind, repeated calls, and turns that could not be read. Also
    the last turn's tool, its success, and the environment. With a reference: the calls that the
    reference has beyond this episode's, and the share of its tools that were used. A critic may
    know the reference, as only the student must play without it.
    """
    trajectory = example.trajectory
    tools, length = set(), 0
    if example.references:
        calls = example.references[0].calls
        tools, length = {call.name for call in calls}, len(calls)
    return [
        _state(trajectory.env, trajectory.turns[:count], tools, length)
        for count in range(len(trajectory.turns) + 1)
    ]


def _state(env: str, turns: Sequence[Turn], tools: set[str], length: int) -> Features:
    calls = [call for turn in turns for call in turn.calls]
    done = [call for call in calls if call.failure is None]
    found: dict[str, float] = {f"env={env}": 1.0, "turns": len(turns), "calls": len(calls)}
    found["begun"] = float(bool(turns))
    found["repeated"] = len(calls) - len(
        {call.key or f"{call.name}{call.arguments}" for call in calls}
    )
    found["unread"] = sum(turn.parse_failure is not None for turn in turns)
    for call in calls:
        if call.failure:
            found[f"failed={call.failure}"] = found.get(f"failed={call.failure}", 0.0) + 1.0
    if turns:
        last = turns[-1]
        found["last_without_calls"] = float(not last.calls)
        for call in last.calls:
            found[f"last={call.name}" if call.failure is None else "last_failed"] = 1.0
    if length:
        found["to_go"] = max(length - len(done), 0)
        found["beyond"] = max(len(done) - length, 0)
        found["tools_used"] = len(tools & {call.name for call in done}) / max(len(tools), 1)
    return {name: float(value) for name, value in found.items() if value}


def own(turns: int, replayed: int) -> range:
    """The turns that the student played itself; only the states before them teach a critic."""
    return range(min(replayed, turns), turns)


def own_returns(
    notes: Sequence[Sequence[Features]],
    judged: Judged,
    discount: float,
    rewards: Callable[[Composed, int, int], Floats] = turn_rewards,
) -> tuple[list[Features], list[Floats]]:
    """The states before the student's own turns, and the returns from each of them on.

    Args:
        notes: for each episode its states, as `states` gives them.
        discount: weight of a reward that comes one turn later.
        rewards: as `turn_rewards`; gives [turns] or [turns, K].

    Returns:
        All episodes' states in one list, and for each episode the returns, a row a state.
    """
    rows: list[Features] = []
    targets: list[Floats] = []
    for b, note in enumerate(notes):
        turns = own(len(note) - 1, judged.replayed[b])
        rewards_N = rewards(judged.composed, b, len(note) - 1)
        nothing_N = np.zeros((len(note), *rewards_N.shape[1:]))
        rows += [note[k] for k in turns]
        targets.append(advantages(rewards_N, nothing_N, discount, 1.0)[turns.start :])
    return rows, targets


def by_episode(values_R: Floats, notes: Sequence[Sequence[Features]]) -> list[Floats]:
    """All episodes' values, a row a state, as one array an episode, whose terminal value is 0."""
    found = np.split(values_R, np.cumsum([len(note) for note in notes])[:-1])
    for values_N in found:
        values_N[-1] = 0.0
    return found


def explained(judged: Judged, targets: Sequence[Floats]) -> float | None:
    """Share of the targets' variance that the values of this batch explained, a mean over columns.

    At most 1; below 0 if a constant would be nearer. None without values or variance.

    Args:
        targets: for each episode one target a state before the student's own turns.
    """
    if judged.composed.values_N is None:
        return None
    pairs = zip(judged.composed.values_N, targets, strict=True)
    values = np.concatenate([of_N[len(of_N) - 1 - len(wanted) : -1] for of_N, wanted in pairs])
    shares = []
    for column, predicted in zip(_columns(np.concatenate(targets)), _columns(values), strict=True):
        known = ~np.isnan(column)
        if known.any() and column[known].var():
            shares.append(1.0 - (column - predicted)[known].var() / column[known].var())
    return float(np.mean(shares)) if shares else None


def _columns(values: Floats) -> Floats:
    return values[None] if values.ndim == 1 else values.T
