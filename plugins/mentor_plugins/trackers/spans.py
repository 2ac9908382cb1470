"""Spans: an episode in OpenTelemetry's conventions for generative AI, without any library.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mentor_core.contracts.trajectory import Call, Message, Trajectory, Turn

__all__ = ["Span", "spans_of"]

_SECOND = 1_000_000_000
_SHORTEST = 1000
"""Nanoseconds of a span that took no measurable time, so that children stay in their order."""

Attributes = dict[str, Any]


@dataclass(slots=True)
class Span:
    """One span.

    Attributes:
        name: the operation and its object: `chat MODEL`, `execute_tool TOOL`, `invoke_agent ENV`.
        trace_id, id: identifiers; the same episode of a run always has the same ones.
        parent: id of the span above; 0 for the root.
        start, end: nanoseconds since 1970.
        attributes: name → value; None is left out.
        events: (name, attributes).
        error: reason of the operation's failure; empty if there was none.
    """

    name: str
    trace_id: int
    id: int
    parent: int
    start: int
    end: int
    attributes: Attributes
    events: list[tuple[str, Attributes]] = field(default_factory=list)
    error: str = ""

    def __post_init__(self) -> None:
        if self.error:
            self.attributes["error.type"] = self.error
        self.attributes = {
            name: value for name, value in self.attributes.items() if value is not None
        }


def spans_of(
    trajectory: Trajectory, key: str, model: str, step: int, told: int, *, content: bool
) -> list[Span]:
    """The root span of an episode, and the spans of its turns and calls.

    A trajectory has durations, and no points in time. So the turns follow one another, and the
    calls of a turn stand side by side after the turn. The episode ends at `Provenance.made_at`,
    else at `told`. The attribute `mentor.timestamps` of the root says so.

    Args:
        trajectory: the episode.
        key: name of the episode, from which the ids are made.
        model: name of the model that played, if the trajectory does not say.
        step: the optimizer step that trains on the episode.
        told: time at which the tracker received the episode, in nanoseconds since 1970.
        content: true to give also prompts, texts, arguments and results.
    """
    provenance = trajectory.provenance
    model = (provenance and provenance.model) or model
    trace, root_id = _identity(key, 16), _identity(f"{key} root", 8)
    made_at = provenance.made_at if provenance else None
    end = int(datetime.fromisoformat(made_at).timestamp() * _SECOND) if made_at else told
    length = sum(_nanoseconds(turn.seconds) + _longest(turn.calls) for turn in trajectory.turns)
    now = start = end - max(length, _SHORTEST)
    spans: list[Span] = []
    said: list[Message] = list(trajectory.prompt)
    for number, turn in enumerate(trajectory.turns):
        ends = now + _nanoseconds(turn.seconds)
        chat = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "mentor",
            "gen_ai.request.model": model,
            "gen_ai.response.model": turn.usage.model if turn.usage else None,
            "gen_ai.response.finish_reasons": [_finish_reason(turn)],
            **_usage(trajectory, turn),
            "mentor.turn": number,
            "mentor.replayed": number < trajectory.replayed or None,
        }
        if content:
            chat |= _messages("input", said) | _output(turn, number)
        identity = _identity(f"{key} {number}", 8)
        problem = turn.parse_failure or ""
        spans.append(
            Span(f"chat {model}", trace, identity, root_id, now, ends, chat, error=problem)
        )
        for place, call in enumerate(turn.calls):
            spans.append(
                Span(
                    f"execute_tool {call.name}",
                    trace,
                    _identity(f"{key} {number} {place}", 8),
                    root_id,
                    ends,
                    ends + _nanoseconds(call.seconds),
                    _call(call, _call_id(number, place), content=content),
                    error=call.failure or "",
                )
            )
        now = ends + _longest(turn.calls)
        said += [{"role": "assistant", "content": turn.text}, *turn.observation]
    root = Span(
        f"invoke_agent {trajectory.env}",
        trace,
        root_id,
        0,
        start,
        end,
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "mentor",
            "gen_ai.agent.name": trajectory.env,
            "gen_ai.conversation.id": trajectory.id or f"{trace:032x}",
            "gen_ai.request.model": model,
            "gen_ai.request.seed": trajectory.seed,
            **_total_usage([span.attributes for span in spans]),
            "mentor.environment": trajectory.env,
            "mentor.task.id": trajectory.task_id,
            "mentor.step": step,
            "mentor.group": trajectory.group,
            "mentor.source": trajectory.source,
            "mentor.end": trajectory.end,
            "mentor.outcome": trajectory.outcome,
            "mentor.reward": trajectory.reward,
            "mentor.timestamps": "synthetic",
        },
        events=_evaluations(trajectory),
        error="episode_error" if trajectory.end == "error" else "",
    )
    if content:
        root.attributes |= _messages("input", trajectory.prompt)
        if trajectory.answer is not None:
            parts = [{"type": "text", "content": trajectory.answer}]
            answer = {"role": "assistant", "parts": parts, "finish_reason": "stop"}
            root.attributes["gen_ai.output.messages"] = _json([answer])
        if trajectory.error:
            root.attributes["mentor.error"] = trajectory.error
    return [root, *spans]


def _usage(trajectory: Trajectory, turn: Turn) -> Attributes:
    """Tokens that the model read for a turn, and wrote; empty if nobody counted the tokens."""
    read = written = None
    if turn.usage is not None:
        read, written = turn.usage.prompt_tokens, turn.usage.completion_tokens
    elif turn.span is not None and trajectory.tokens is not None:
        first, last = turn.span
        read, written = len(trajectory.tokens.prompt) + first, last - first
    return {"gen_ai.usage.input_tokens": read, "gen_ai.usage.output_tokens": written}


def _total_usage(spans: Sequence[Mapping[str, Any]]) -> Attributes:
    names = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
    found = {name: [span[name] for span in spans if name in span] for name in names}
    return {name: sum(counts) if counts else None for name, counts in found.items()}


def _finish_reason(turn: Turn) -> str:
    if not turn.complete:
        return "length"
    return "tool_call" if turn.calls else "stop"


def _call(call: Call, identity: str, *, content: bool) -> Attributes:
    found: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": identity,
    }
    if content:
        found["gen_ai.tool.call.arguments"] = _json(call.arguments)
        found["gen_ai.tool.call.result"] = call.result
    return found


def _messages(direction: str, said: Sequence[Message]) -> Attributes:
    messages = [
        {
            "role": message["role"],
            "parts": [{"type": "text", "content": message["content"]}],
            **({"name": message["name"]} if "name" in message else {}),
        }
        for message in said
    ]
    return {f"gen_ai.{direction}.messages": _json(messages)}


def _output(turn: Turn, number: int) -> Attributes:
    parts: list[dict[str, Any]] = [{"type": "text", "content": turn.text}]
    for place, call in enumerate(turn.calls):
        facts = {"id": _call_id(number, place), "name": call.name, "arguments": call.arguments}
        parts.append({"type": "tool_call", **facts})
    message = {"role": "assistant", "parts": parts, "finish_reason": _finish_reason(turn)}
    return {"gen_ai.output.messages": _json([message])}


def _evaluations(trajectory: Trajectory) -> list[tuple[str, Attributes]]:
    """The outcome and the scores of the reward's terms, without terms that did not score."""
    scores = {"outcome": trajectory.outcome, **trajectory.scores}
    return [
        (
            "gen_ai.evaluation.result",
            {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": score},
        )
        for name, score in scores.items()
        if score is not None
    ]


def _call_id(turn: int, place: int) -> str:
    return f"call_{turn}_{place}"


def _longest(calls: Sequence[Call]) -> int:
    return max((_nanoseconds(call.seconds) for call in calls), default=0)


def _nanoseconds(seconds: float) -> int:
    return max(int(seconds * _SECOND), _SHORTEST)


def _identity(text: str, size: int) -> int:
    """An id of `size` bytes; never 0, as 0 means "no id"."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest()) or 1


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
