"""Steps of one call: the calls of a turn, told apart by the tokens after which each can be read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mentor_core.contracts.reward import Floats
from mentor_core.contracts.trajectory import Trajectory, Turn

__all__ = ["call_ends", "one_call_a_turn", "shared_out"]


def call_ends(length: int, count: int, calls_in: Callable[[int], int]) -> list[int] | None:
    """Numbers of tokens after which the first call of a turn is complete, the second, and so on.

    Args:
        length: number of the turn's tokens.
        count: number of its calls.
        calls_in: number of tokens at the turn's start → the number of calls that can be read there.

    Returns:
        `count` − 1 rising numbers, as the last call has the rest of the turn. None if two calls can
        be read only together.
    """
    ends = [0]
    for number in range(1, count):
        end = bisect_left(range(length), number, lo=ends[-1] + 1, key=calls_in)
        if end >= length or calls_in(end) != number:
            return None
        ends.append(end)
    return ends[1:]


def one_call_a_turn(
    trajectory: Trajectory, ends: Sequence[Sequence[int]], text_of: Callable[[int, int], str]
) -> tuple[Trajectory, list[int]]:
    """The episode with each call in a turn of its own, and the number of each new turn's old turn.

    The results of a turn's calls are recorded one by one, so every state between two calls is
    known.

    Args:
        ends: for each turn the ends of its calls but the last, as `call_ends` gives them. Empty for
            a turn that stays whole.
        text_of: start and end in the completion → text of these tokens.
    """
    steps: list[Turn] = []
    numbers: list[int] = []
    for number, (turn, cuts) in enumerate(zip(trajectory.turns, ends, strict=True)):
        if turn.span is None or not cuts:
            steps.append(turn)
            numbers.append(number)
            continue
        start, end = turn.span
        places = [start, *(start + cut for cut in cuts), end]
        last = len(cuts)
        for j, call in enumerate(turn.calls):
            span = places[j], places[j + 1]
            step = replace(
                turn,
                text=text_of(*span),
                calls=[call],
                parse_failure=turn.parse_failure if j == last else None,
                complete=turn.complete or j < last,
                observation=turn.observation[j : None if j == last else j + 1],
                span=span,
                seconds=0.0 if j else turn.seconds,
                usage=None if j else turn.usage,
            )
            steps.append(step)
            numbers.append(number)
    return replace(trajectory, turns=steps), numbers


def shared_out(whole_NK: Floats, steps_SK: Floats, turns: Sequence[int]) -> Floats:
    """Each step's additions, [S, K], so that they add up to their turn's.

    The last call of a turn gets what the others leave. The additions of a turn of NaN are NaN.

    Args:
        whole_NK: additions of the turns, a column a reward term.
        steps_SK: additions of the steps, as the terms see them one by one.
        turns: number of each step's turn.
    """
    found_SK = np.nan_to_num(steps_SK)
    for n, whole_K in enumerate(whole_NK):
        own = np.flatnonzero(np.asarray(turns) == n)
        found_SK[own[-1]] = whole_K - found_SK[own[:-1]].sum(0)
        found_SK[np.ix_(own, np.isnan(whole_K))] = np.nan
    return found_SK
