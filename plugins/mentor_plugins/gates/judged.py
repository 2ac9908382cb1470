"""Judged: a call that the run's judge scores too low is refused, in the judge's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from mentor_core.contracts.env import ActionGate, Judge
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.support.errors import PluginError

__all__ = ["Judged"]


class Judged(ActionGate):
    """Refuses a call whose score is below `threshold`; the policy reads the critique as result.

    Each call is judged as a turn of its own. A call that is not judged is executed. After `rounds`
    turns with a refusal, one after the other, the next call is executed whatever its score. So a
    wrong judge costs turns, and does not end an episode.
    """

    needs_judge: ClassVar[bool] = True

    threshold: float = Field(1.0, ge=0, le=1, description="least score of a call that is executed")
    rounds: int = Field(2, ge=1, description="most turns with a refusal, one after the other")

    _judge: Any = PrivateAttr(default=None)

    def start(self, judge: Judge) -> None:
        self._judge = judge

    def refuse(self, call: Call, task: Task, turns: Sequence[Turn]) -> str | None:
        if self._refused_last(turns) >= self.rounds:
            return None
        candidate = Turn("", [Call(call.name, call.arguments)])
        score = self._score(task, turns, candidate)
        if score is None or score >= self.threshold:
            return None
        said = self._judge.say(task, turns, candidate)
        return said or f"the call is judged {score:.2f}, and {self.threshold:.2f} is needed"

    def _score(self, task: Task, turns: Sequence[Turn], candidate: Turn) -> float | None:
        """The judge's score of one call.

        Raises:
            PluginError: the judge gave something else than one score in [0, 1] or None.
        """
        scores: list[float | None] = self._judge.scores(task, turns, [candidate])
        if len(scores) != 1 or not (scores[0] is None or 0 <= scores[0] <= 1):
            raise PluginError(
                f"the judge {type(self._judge).__name__} gave {scores!r:.80} for one turn; "
                "expected a list of one number in [0, 1] or None"
            )
        return scores[0]

    @staticmethod
    def _refused_last(turns: Sequence[Turn]) -> int:
        """Number of turns at the end with a refused call."""
        count = 0
        for turn in reversed(turns):
            if not any(call.failure == "refused" for call in turn.calls):
                break
            count += 1
        return count
