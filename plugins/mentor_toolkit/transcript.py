"""Transcript: a trajectory in a few lines, for explanations and counter-examples."""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory

__all__ = ["transcript"]

_WIDTH = 120


def transcript(trajectory: Trajectory, task: Task, references: Sequence[Trajectory] = ()) -> str:
    """The task, the turns, the end, and the references' calls."""
    answer = "no answer" if task.answer is None else f"answer {task.answer!r}"
    lines = [f"task {task.id} ({answer}): {_cut(task.prompt)}"]
    for number, turn in enumerate(trajectory.turns, 1):
        parts = [_call(call) for call in turn.calls]
        if turn.text.strip() and not (turn.calls and turn.text.lstrip().startswith("<tool_call>")):
            parts.insert(0, _cut(repr(turn.text)))
        if turn.parse_failure:
            parts.append(f"[{turn.parse_failure}]")
        if not turn.complete:
            parts.append("[cut off]")
        lines.append(f"turn {number}: {'; '.join(parts) or '(nothing)'}")
    given = "no answer" if trajectory.answer is None else f"answer {_cut(repr(trajectory.answer))}"
    outcome = "not verified" if trajectory.outcome is None else f"outcome {trajectory.outcome:g}"
    lines.append(f"end: {trajectory.end}, {given}, {outcome}")
    for reference in references:
        calls = "; ".join(_call(call) for call in reference.calls)
        lines.append(f"reference: {calls or '(no call)'}")
    return "\n".join(lines)


def _call(call: Call) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    came = f"[{call.failure}]" if call.failure else call.result
    return _cut(f"{call.name}({arguments})" + (f" → {came}" if came else ""))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
