"""ToolRL: the correctness reward of ToolRL, number by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from mentor_core.contracts.reward import Need, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_plugins.rewards.format import well_formed
from mentor_plugins.rewards.gold import Against, Wanted, need_of, wanted_calls

__all__ = ["ToolRL"]

_LOW, _HIGH = -3.0, 3.0


class ToolRL(RewardTerm):
    """6·S / Smax - 3, in [-3, 3]: how alike the calls are to a reference's calls.

        S = IoU of the names, each as often as it was called
            + Σ over the reference's calls, in order, of the best unused call of the same name:
              IoU of the argument names + number of equal values
        Smax = 1 + Σ over the reference's calls of (1 + its number of arguments)

    Exactly the same list of calls gives 3; no call, and a call that cannot be parsed, -3. The best
    reference counts. Gold calls with lists of acceptable values stand for the first of them. Calls
    count as they were written, carried out or not.

    `format` adds ToolRL's reward for the format. This reward is 1 if every turn is well-formed (see
    `Format`) and calls are made exactly if some are wanted, else 0. The score is then in [-3, 4];
    if nothing should be called, the score is 1 or 0.

    None if no reference has a successful call, or the task no gold calls. With `format`, None only
    if there is no reference, or the task has no gold.

    Source: ToolRL, arXiv 2504.13958, `rlla.py`.
    """

    against: Against = Field(
        "reference", description="compare with the references, or with the task's gold calls"
    )
    format: bool = Field(False, description="add 1 if the format is right")

    @property
    def needs(self) -> frozenset[Need]:  # type: ignore[override]
        return frozenset({need_of(self.against)})

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]
        return _LOW, _HIGH + self.format

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        found = wanted_calls(self.against, task, references)
        wanted = [[_plain(call) for call in calls] for calls in found if calls or self.format]
        return max((self._score(trajectory, calls) for calls in wanted), default=None)

    def _score(self, trajectory: Trajectory, wanted: Sequence[Call]) -> float:
        made = trajectory.calls
        readable = all(turn.parse_failure is None for turn in trajectory.turns)
        if not wanted:
            correct = 0.0
        elif made and readable:
            correct = _correctness(made, wanted)
        else:
            correct = _LOW
        turns = well_formed(trajectory)
        formatted = bool(turns) and all(turns) and bool(made) == bool(wanted)
        return correct + (self.format and formatted)


def _correctness(made: Sequence[Call], wanted: Sequence[Call]) -> float:
    if _written(made) == _written(wanted):
        return _HIGH
    score = _iou([call.name for call in wanted], [call.name for call in made])
    unused = list(range(len(made)))
    for target in wanted:
        best, best_index = 0.0, None
        for index in unused:
            if made[index].name != target.name:
                continue
            worth = _worth(made[index], target)
            if worth > best:
                best, best_index = worth, index
        if best_index is not None:
            unused.remove(best_index)
            score += best
    most = 1 + sum(1 + len(target.arguments) for target in wanted)
    return (_HIGH - _LOW) * score / most + _LOW


def _worth(made: Call, wanted: Call) -> float:
    shared = made.arguments.keys() & wanted.arguments.keys()
    equal = sum(bool(made.arguments[key] == wanted.arguments[key]) for key in shared)
    return _iou([*wanted.arguments], [*made.arguments]) + equal


def _iou(left: Sequence[str], right: Sequence[str]) -> float:
    """Intersection over union of two multisets; 1 if both are empty."""
    common = (Counter(left) & Counter(right)).total()
    union = len(left) + len(right) - common
    return common / union if union else 1.0


def _written(calls: Sequence[Call]) -> list[tuple[str, object]]:
    return [(call.name, call.arguments) for call in calls]


def _plain(call: Wanted) -> Call:
    if call.arguments is not None:
        return Call(call.name, dict(call.arguments))
    given = {key: [v for v in values if v != ""] for key, values in (call.acceptable or {}).items()}
    return Call(call.name, {key: values[0] for key, values in given.items() if values})
