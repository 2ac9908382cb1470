"""A multi-turn episode of BFCL: its state, and the checks of its turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Turn
from mentor_core.tools.tool import ToolError
from mentor_envs.bfcl.simulation import Simulation, missing_results, perform

__all__ = ["Dialogue"]

_STEPS = 20  # after more turns with calls to one message upstream gives up


@dataclass(slots=True)
class Dialogue:
    """State of a multi-turn episode.

    Attributes:
        made: the instances on which the policy's calls are carried out.
        truth: the instances on which the ground truth of finished user turns is carried out.
        turn: index of the user's current turn.
        first: index of the first assistant turn in the user's current turn.
        problem: the first fault; empty if there is none.
    """

    made: Simulation
    truth: Simulation
    turn: int = 0
    first: int = 0
    problem: str = ""

    @classmethod
    def open(cls, task: Task) -> Dialogue:
        """A dialogue on a multi-turn task.

        Raises:
            ConfigError: bfcl-eval is not installed.
        """
        classes, configuration = task.metadata["classes"], task.metadata["initial_config"]
        long_context = task.metadata["category"] == "multi_turn_long_context"
        made, truth = (Simulation.create(classes, configuration, long_context) for _ in range(2))
        return cls(made, truth)

    def hidden(self, task: Task) -> set[str]:
        """The functions that are held back until a later turn of the user."""
        return {name for names in task.metadata["held_back"][self.turn + 1 :] for name in names}

    def call(self, function: str, arguments: Mapping[str, Any]) -> str:
        """Carry out a call of the policy.

        Raises:
            ToolError: the function refused it.
        """
        try:
            return perform(self.made.find(function), arguments)
        except Exception as error:  # a simulated function refuses by raising anything
            raise ToolError(_said(error)) from error

    def close_turn(self, task: Task, turns: Sequence[Turn]) -> None:
        """Check the user's finished turn, and go on to the next.

        Args:
            task: its answer is the calls that each of the user's turns wants.
            turns: all assistant turns so far.
        """
        if not self.problem:
            problem = self._check(task.answer[self.turn], turns)
            self.problem = problem and f"turn {self.turn + 1} of the user: {problem}"
        self.turn, self.first = self.turn + 1, len(turns)

    def is_stuck(self, turns: Sequence[Turn]) -> bool:
        """True if the policy has made too many assistant turns in the user's current turn."""
        return len(turns) - self.first > _STEPS

    def _check(self, wanted: Sequence[Mapping[str, Any]], turns: Sequence[Turn]) -> str:
        """Carry out a user turn's ground truth; returns the fault of the policy's work, if any."""
        if not wanted:
            return ""
        results = []
        for call in wanted:
            try:
                results.append(perform(self.truth.find(call["name"]), call["arguments"]))
            except Exception as error:  # noqa: BLE001 - ground truth may be refused, too
                results.append(f"Error: {_said(error)}")
        if not any(turn.calls for turn in turns[self.first :]):
            return "nothing is called"
        difference = self.made.difference(self.truth)
        if difference:
            return f"not as it should be: {difference}"
        found = [call.result for turn in turns for call in turn.calls]
        missing = missing_results(results, found)
        return f"no call had the result {missing[0]}" if missing else ""


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
