"""The imitation gap: differences between a student's and a teacher's use of tools, task by task.

Only tasks with trajectories of both are compared. Distributions count each task once, for any
number of trajectories. All other figures compare each episode of the student with one episode of
the teacher: the one that the student follows for the most turns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Call, Trajectory, Turn
from mentor_toolkit.calls import as_text, same_call, written

__all__ = ["AfterError", "ArgumentError", "ImitationGap", "imitation_gap"]

ArgumentError = Literal[
    "missing",  # the teacher gave this argument, the student did not
    "unexpected",  # the student gave it, the teacher did not
    "another_type",  # both gave it, with values of different JSON types
    "another_value",  # both gave it, with different values of one JSON type
]
AfterError = Literal[
    "corrected",  # the next turn uses the tool that failed, and its calls are carried out
    "failed_again",  # the next turn uses the tool that failed, and a call fails again
    "repeated",  # the next turn makes the call that failed once more, unchanged
    "another_tool",  # the next turn calls other tools only
    "no_call",  # the next turn calls nothing: mostly an answer
    "ended",  # there is no next turn
]
_EDGE = ""
"""Stands before the first call of an episode and after its last, in bigrams."""


@dataclass(frozen=True, slots=True)
class ImitationGap:
    """Differences between a student's and a teacher's use of tools.

    Attributes:
        tasks, episodes: numbers of compared tasks, and of the student's episodes in these tasks.
        unmatched: the student's tasks without a trajectory of the teacher; not compared.
        similarity: similarity of the distributions of called tools, in [0, 1]: 1 − Jensen–Shannon
            divergence, base 2. None if the student or the teacher made no call.
        bigram_similarity: similarity of the distributions of pairs of consecutive calls, as above.
            The beginning and the end of an episode count as calls. None if nothing is compared.
        over_calling, under_calling: mean number of calls of an episode above the teacher's number,
            and below; None if nothing is compared.
        tools: tool → mean number of calls an episode, of the student and of the teacher.
        followed: number of episodes whose turns make all the teacher's calls and no others.
        first_divergence: turn, counted from 1 → number of episodes that first differ from the
            teacher's at that turn.
        same_calls: number of the student's calls that the teacher also made.
        argument_errors: kind → number of differing arguments in all other calls. The n-th other
            call of a tool is compared with the teacher's n-th other call of that tool.
        failures: kind → number of the student's failed calls, and of turns that could not be
            parsed.
        after_error: the student's next step → number of turns with a failure.
    """

    tasks: int
    episodes: int
    unmatched: list[TaskKey]
    similarity: float | None
    bigram_similarity: float | None
    over_calling: float | None
    under_calling: float | None
    tools: dict[str, tuple[float, float]]
    followed: int
    first_divergence: dict[int, int]
    same_calls: int
    argument_errors: dict[ArgumentError, int]
    failures: dict[str, int]
    after_error: dict[AfterError, int]


def imitation_gap(student: Sequence[Trajectory], teacher: Sequence[Trajectory]) -> ImitationGap:
    """Compare a student's trajectories with a teacher's; their order does not matter.

    Args:
        student: trajectories of any tasks, any number of each.
        teacher: trajectories likewise. Outcomes are not read, so leave out trajectories that are no
            good example.

    Source of the similarity: MENTOR, arXiv 2510.18383, for tool distributions.
    """
    own, others = _by_task(student), _by_task(teacher)
    shared = sorted(own.keys() & others.keys())
    ours, theirs = ([by_task[task] for task in shared] for by_task in (own, others))
    pairs = [(episode, _closest(episode, others[task])) for task in shared for episode in own[task]]
    surplus = [len(episode.calls) - len(model.calls) for episode, model in pairs]
    divergences = [_divergence(episode, model) for episode, model in pairs]
    differing = [turn for turn in divergences if turn is not None]
    same_calls, argument_errors = 0, Counter[ArgumentError]()
    for episode, model in pairs:
        left, wanted = _without_same(episode.calls, model.calls)
        same_calls += len(episode.calls) - len(left)
        argument_errors += _argument_errors(left, wanted)
    return ImitationGap(
        tasks=len(shared),
        episodes=len(pairs),
        unmatched=sorted(own.keys() - others.keys()),
        similarity=_similarity(_mean_counts(ours, _tools), _mean_counts(theirs, _tools)),
        bigram_similarity=_similarity(_mean_counts(ours, _bigrams), _mean_counts(theirs, _bigrams)),
        over_calling=_mean([max(more, 0) for more in surplus]),
        under_calling=_mean([max(-more, 0) for more in surplus]),
        tools=_beside(_mean_counts(ours, _tools), _mean_counts(theirs, _tools), len(shared)),
        followed=len(divergences) - len(differing),
        first_divergence=dict(sorted(Counter(differing).items())),
        same_calls=same_calls,
        argument_errors=_ordered(argument_errors),
        failures=_ordered(Counter(kind for episode, _ in pairs for kind in _failures(episode))),
        after_error=_ordered(Counter(next_ for episode, _ in pairs for next_ in _after(episode))),
    )


def _by_task(trajectories: Iterable[Trajectory]) -> dict[TaskKey, list[Trajectory]]:
    found: dict[TaskKey, list[Trajectory]] = {}
    for trajectory in trajectories:
        found.setdefault(trajectory.task_key, []).append(trajectory)
    return found


def _tools(episode: Trajectory) -> list[Hashable]:
    return [(episode.env, call.name) for call in episode.calls]


def _bigrams(episode: Trajectory) -> list[Hashable]:
    names = [_EDGE, *(call.name for call in episode.calls), _EDGE]
    return [(episode.env, *pair) for pair in pairwise(names)]


def _mean_counts(
    tasks: Sequence[Sequence[Trajectory]], items: Callable[[Trajectory], list[Hashable]]
) -> dict[Any, float]:
    """Item → mean number an episode of a task, summed over the tasks."""
    found: Counter[Hashable] = Counter()
    for episodes in tasks:
        counts = Counter(item for episode in episodes for item in items(episode))
        for item, count in counts.items():
            found[item] += count / len(episodes)  # type: ignore[assignment]
    return dict(found)


def _similarity(ours: Mapping[Any, float], theirs: Mapping[Any, float]) -> float | None:
    """1 − Jensen–Shannon divergence, base 2; None if a side is empty."""
    from scipy.spatial.distance import jensenshannon

    if not ours or not theirs:
        return None
    items = sorted(ours.keys() | theirs.keys())
    counts = np.array([[side.get(item, 0.0) for item in items] for side in (ours, theirs)])
    distance = jensenshannon(*counts, base=2)  # root of the divergence; NaN if it rounds below 0
    return float(np.clip(1 - np.nan_to_num(distance) ** 2, 0, 1))


def _beside(
    ours: Mapping[Any, float], theirs: Mapping[Any, float], tasks: int
) -> dict[str, tuple[float, float]]:
    keys = sorted(ours.keys() | theirs.keys())
    several = len({env for env, _ in keys}) > 1
    return {
        f"{env}/{name}" if several else name: (
            ours.get((env, name), 0.0) / tasks,
            theirs.get((env, name), 0.0) / tasks,
        )
        for env, name in keys
    }


def _closest(episode: Trajectory, models: Sequence[Trajectory]) -> Trajectory:
    """The model that the episode follows longest; among equals, the nearest in number of calls."""

    def distance(model: Trajectory) -> tuple[float, int, list[str]]:
        turn = _divergence(episode, model)
        agreed = float("inf") if turn is None else turn
        calls = abs(len(episode.calls) - len(model.calls))
        return -agreed, calls, [f"{written(call)} {call.key}" for call in model.calls]

    return min(models, key=distance)


def _divergence(episode: Trajectory, model: Trajectory) -> int | None:
    """The first turn, counted from 1, whose calls are not the teacher's; None if there is none."""
    nothing = Turn("")
    for index in range(max(len(episode.turns), len(model.turns))):
        ours, theirs = (
            side.turns[index] if index < len(side.turns) else nothing for side in (episode, model)
        )
        same = len(ours.calls) == len(theirs.calls) and all(
            map(same_call, ours.calls, theirs.calls)
        )
        if not same or ours.parse_failure != theirs.parse_failure:
            return index + 1
    return None


def _without_same(ours: Sequence[Call], theirs: Sequence[Call]) -> tuple[list[Call], list[Call]]:
    """The calls of each side that have no equal on the other side."""
    left, wanted = [], list(theirs)
    for call in ours:
        equal = next((other for other in wanted if same_call(call, other)), None)
        if equal is None:
            left.append(call)
        else:
            wanted.remove(equal)
    return left, wanted


def _argument_errors(ours: Iterable[Call], theirs: Iterable[Call]) -> Counter[ArgumentError]:
    """Differences of the arguments, the n-th call of a tool beside the teacher's n-th."""
    wanted: dict[str, list[Call]] = {}
    for call in theirs:
        wanted.setdefault(call.name, []).append(call)
    found = Counter[ArgumentError]()
    for call in ours:
        if not wanted.get(call.name):
            continue
        given, expected = call.arguments, wanted[call.name].pop(0).arguments
        found["missing"] += len(expected.keys() - given.keys())
        found["unexpected"] += len(given.keys() - expected.keys())
        for key in given.keys() & expected.keys():
            if _json_type(given[key]) is not _json_type(expected[key]):
                found["another_type"] += 1
            elif as_text(given[key]) != as_text(expected[key]):
                found["another_value"] += 1
    return found


def _json_type(value: Any) -> type:
    return float if type(value) is int else type(value)


def _failures(episode: Trajectory) -> list[str]:
    unread = [turn.parse_failure for turn in episode.turns if turn.parse_failure is not None]
    return [*unread, *(call.failure for call in episode.calls if call.failure is not None)]


def _after(episode: Trajectory) -> list[AfterError]:
    """The student's reaction to each turn with a failure."""
    turns: list[Turn | None] = [*episode.turns, None]
    return [_reaction(turn, next_) for turn, next_ in pairwise(turns) if turn and _failed(turn)]


def _failed(turn: Turn) -> bool:
    return turn.parse_failure is not None or any(call.failure is not None for call in turn.calls)


def _reaction(turn: Turn, next_: Turn | None) -> AfterError:
    failed = [call for call in turn.calls if call.failure is not None]
    if next_ is None:
        return "ended"
    if next_.parse_failure is not None:
        return "failed_again"
    if not next_.calls:
        return "no_call"
    if any(written(call) == written(before) for call in next_.calls for before in failed):
        return "repeated"
    if failed and not {call.name for call in failed} & {call.name for call in next_.calls}:
        return "another_tool"
    return "failed_again" if _failed(next_) else "corrected"


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _ordered(counts: Counter[Any]) -> dict[Any, int]:
    """The counts above 0, the most frequent first."""
    return dict(sorted((+counts).items(), key=lambda item: (-item[1], item[0])))
