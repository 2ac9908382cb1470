"""Dice: throw dice until their sum is what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mentor_core import Call, Expert, Task, Tool, ToolEnv


class Dice(ToolEnv):
    """The state is the sum of the throws so far."""

    name = "dice"
    system_prompt = "Throw dice, then say the sum of what came up."
    shifts: Mapping[str, str] = {"many": "seven to nine dice, and not one to six"}

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(self.throw)]

    def throw(self, count: int) -> int:
        """Throw dice.

        Args:
            count: how many.
        """
        thrown = int(self.np_random.integers(1, 7, count).sum())
        self.state += thrown
        return thrown

    def load_tasks(self, split: str) -> list[Task]:
        prompt = {"train": "Throw {} dice. What is their sum?"}.get(split, "The sum of {} dice?")
        counts = range(7, 10) if split == "many" else range(1, 7)
        return [Task(f"{split}-{n}", "dice", prompt.format(n), split=split) for n in counts]

    def start(self, task: Task) -> int:
        return 0

    def verify(self) -> float:
        return float(self.answer == str(self.state))

    def expert(self, task: Task) -> Expert:
        (call,) = yield "", [Call("throw", {"count": int(task.id.split("-")[1])})]
        yield call.result, []
