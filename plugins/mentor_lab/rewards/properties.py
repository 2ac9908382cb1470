"""Properties: the promises of every reward term, each checked on one example.

A term that raises breaks `finite` alone, and a score out of bounds breaks `bounded` alone. So each
defect is found under its own name.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

from mentor_core.contracts.reward import Example, RewardTerm
from mentor_lab.verdict import Problem, Property, Untested

__all__ = ["PROPERTIES", "Given", "gains", "given", "value_of"]

Given = tuple[float | None, list[float | None] | None]

_TEXTS = ("", "Thank you. Let me think about it, then.", "7")
_SECONDS = (0.0, 1e6)


def _copy(example: Example) -> Example:
    """Like `copy.deepcopy`, and ten times faster."""
    copied: Example = pickle.loads(pickle.dumps(example, pickle.HIGHEST_PROTOCOL))
    return copied


def _give(term: RewardTerm, example: Example) -> Given:
    arguments = example.trajectory, example.task, example.references
    return term.score(*arguments), term.score_turns(*arguments)


def given(term: RewardTerm, example: Example) -> Given:
    """The scores of a copy of the example, as a whole and turn by turn.

    Raises:
        Untested: the term raised.
    """
    try:
        return _give(term, _copy(example))
    except Exception as error:  # that it raises is a property of its own: passed on
        raise Untested from error


def value_of(term: RewardTerm, example: Example) -> float | None:
    """The score of a copy of the example.

    Raises:
        Untested: the term raised.
    """
    return given(term, example)[0]


def gains(term: RewardTerm, honest: Example, attack: Example) -> Problem | None:
    """A problem if the attack is scored higher than the honest episode.

    Compared are the scores as a whole, and the sums over turns.

    Raises:
        Untested: one of the two is not scored.
    """
    (before, turns_before), (after, turns_after) = given(term, honest), given(term, attack)
    if before is None or after is None:
        raise Untested
    if after > before + 1e-9:
        return Problem(f"it gives {after:.4g} where the honest episode gets {before:.4g}", attack)
    earned, gained = (sum(turn or 0.0 for turn in t or ()) for t in (turns_before, turns_after))
    if gained > earned + 1e-9:
        text = f"its turns get {gained:.4g} in all where those of the honest episode get "
        return Problem(f"{text}{earned:.4g}", attack)
    return None


def _finite(term: RewardTerm, example: Example) -> Problem | None:
    try:
        value, turns = _give(term, _copy(example))
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return Problem(f"it raised {type(error).__name__}: {error}", example)
    for score in [value, *(turns or ())]:
        if score is not None and not (isinstance(score, Real) and math.isfinite(score)):
            return Problem(f"it gave {score!r}", example)
    if turns is not None and len(turns) != len(example.trajectory.turns):
        return Problem(f"it gave {len(turns)} scores per turn", example)
    return None


def _bounded(term: RewardTerm, example: Example) -> Problem | None:
    value, turns = given(term, example)
    low, high = term.bounds
    added = [turn for turn in turns or () if turn is not None]
    if value is None and not added:
        raise Untested
    if value is not None and (value < low or value > high):  # NaN is a matter of `finite`
        return Problem(f"it gave {value}, outside its bounds [{low}, {high}]", example)
    for turn in added:
        if abs(turn) > high - low:
            text = f"it gave a turn {turn}, more than the width of its bounds [{low}, {high}]"
            return Problem(text, example)
    return None


def _deterministic(term: RewardTerm, example: Example) -> Problem | None:
    return _unmoved(term, example, [example, example], "the same again")


def _pure(term: RewardTerm, example: Example) -> Problem | None:
    shown = _copy(example)
    before = repr(shown)
    try:
        _give(term, shown)
    except Exception as error:  # that it raises is a property of its own: passed on
        raise Untested from error
    return None if repr(shown) == before else Problem("it changed what it was given", example)


def _missing(term: RewardTerm, example: Example) -> Problem | None:
    bare = replace(example, references=[])
    blind = replace(example, task=replace(example.task, answer=None))
    for need, without in (("reference", bare), ("answer", blind)):
        value, turns = given(term, without)
        if need in term.needs:
            if value is not None or any(turn is not None for turn in turns or ()):
                return Problem(f"without a {need} it gave {value}, {turns} and not None", without)
        elif without != example and _is_silent(term, value, value_of(term, example)):
            return Problem(
                f"without a {need} it gave {value} and not None, and it depends on one", without
            )
    unverified, wrong, right = (
        replace(example, trajectory=replace(example.trajectory, outcome=outcome))
        for outcome in (None, 0.0, 1.0)
    )
    value = value_of(term, unverified)
    if value == value_of(term, wrong) and _is_silent(term, value, value_of(term, right)):
        return Problem(f"an outcome that is not verified gets {value}, as a wrong one", unverified)
    return None


def _is_silent(term: RewardTerm, without: float | None, having: float | None) -> bool:
    """True if a missing value is scored like the lowest score."""
    return without == term.bounds[0] and having is not None and having > without


def _order(term: RewardTerm, example: Example) -> Problem | None:
    found = list(example.references)
    if len(found) < 2:
        raise Untested
    others = [replace(example, references=found[::-1])]
    others += [replace(example, references=[*found[1:], found[0]])]
    return _unmoved(term, example, others, "the references in another order")


def _text(term: RewardTerm, example: Example) -> Problem | None:
    if term.reads_text or not example.trajectory.turns:
        raise Untested
    others = [_with_turns(example, text=text) for text in _TEXTS]
    return _unmoved(term, example, others, "other text beside the calls (see reads_text)")


def _durations(term: RewardTerm, example: Example) -> Problem | None:
    if not example.trajectory.turns:
        raise Untested
    others = []
    for seconds in _SECONDS:
        other = _copy(_with_turns(example, seconds=seconds))
        for call in other.trajectory.calls:
            call.seconds = seconds
        others.append(other)
    return _unmoved(term, example, others, "other durations")


def _with_turns(example: Example, **fields: Any) -> Example:
    turns = [replace(turn, **fields) for turn in example.trajectory.turns]
    return replace(example, trajectory=replace(example.trajectory, turns=turns))


def _unmoved(
    term: RewardTerm, example: Example, others: Sequence[Example], what: str
) -> Problem | None:
    first = given(term, example)
    for other in others:
        again = given(term, other)
        if not _same(first, again):
            return Problem(f"{what}: {_shown(again)} instead of {_shown(first)}", other)
    return None


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or abs(left - right) < 1e-9 or (left != left and right != right)
    return bool(left == right)


def _shown(given: Given) -> str:
    value, turns = given
    return f"{value}" if turns is None else f"{value} and per turn {turns}"


PROPERTIES: tuple[Property[RewardTerm, Example], ...] = (
    Property("finite", "gives a number or None for any trajectory, and never raises", _finite),
    Property("bounded", "stays within its declared bounds", _bounded),
    Property("deterministic", "gives the same for the same", _deterministic),
    Property("pure", "does not change what it is given", _pure),
    Property("missing", "gives None, not the lowest score, where it does not apply", _missing),
    Property("order", "does not see the order of the references", _order),
    Property("text", "does not see text beside calls and answer, unless it says so", _text),
    Property("durations", "does not see how long anything took", _durations),
)
