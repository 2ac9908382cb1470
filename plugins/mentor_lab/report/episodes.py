"""An episode in the form of the page: JSON values with turns, calls, tokens, scores and reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mentor_core.contracts.trajectory import Call, Tokens, Trajectory, Turn
from mentor_lab.report.read import Episode
from mentor_runs.directory.run_directory import RunDirectory

__all__ = ["Decode", "decoder", "facts_of", "played"]

Decode = Callable[[list[int]], list[str]]
"""Token ids → the text of each token; a character of several tokens is in the last token's text."""

_LONGEST = 20_000  # characters of one text; web pages can be longer than everything else together


def decoder(run: Path) -> Decode | None:
    """The decoder of a run's student; None if the student's tokenizer is not on disk yet."""
    from tokenizers import Tokenizer
    from tokenizers.decoders import DecodeStream

    checkpoint = RunDirectory(run).last_checkpoint()
    folders = [
        run / "model",
        *([checkpoint[0]] if checkpoint else []),
        *sorted(run.glob("*/model")),
    ]
    files = [folder / "tokenizer.json" for folder in folders]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return None
    tokenizer = Tokenizer.from_file(str(file))

    def decode(ids: list[int]) -> list[str]:
        stream = DecodeStream(skip_special_tokens=False)
        return [stream.step(tokenizer, token) or "" for token in ids]

    return decode


def facts_of(episode: Episode, whole: Trajectory, mask_truncated: bool = False) -> dict[str, Any]:
    """The facts of an episode for the list of episodes and its filters.

    Args:
        mask_truncated: the run's setting: no loss on episodes that were cut off.
    """
    return {
        "id": episode.id,
        "part": episode.part,
        "change": episode.change,
        "task": whole.task_id,
        "env": whole.env,
        "step": None if episode.part != "train" else (whole.policy_version or 0) + 1,
        "group": whole.group if episode.part == "train" else None,
        "end": whole.end,
        "error": whole.error,
        "outcome": whole.outcome,
        "reward": _rounded(whole.reward),
        "replayed": whole.replayed,
        "trained": _trained(episode, whole, mask_truncated),
        "prompt": [{"role": m["role"], "text": _cut(m["content"])} for m in whole.prompt],
    }


def played(
    whole: Trajectory,
    decode: Decode | None = None,
    reasons: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The turns of an episode, and its scores.

    Args:
        decode: writes the tokens; without it the page shows no tokens.
        reasons: term → lines that explain its score.
    """
    terms = dict.fromkeys([*whole.scores, *(reasons or {})])
    return {
        "source": whole.source,
        "end": whole.end,
        "outcome": whole.outcome,
        "answer": whole.answer,
        "turns": [_turn(turn, whole.tokens, decode) for turn in whole.turns],
        "scores": [
            {
                "term": term,
                "score": _rounded(whole.scores.get(term)),
                "why": (reasons or {}).get(term, []),
            }
            for term in terms
        ],
    }


def _trained(episode: Episode, whole: Trajectory, mask_truncated: bool) -> bool:
    """True if the loss saw an episode's sampled tokens, whose advantages are kept then."""
    masked = whole.end == "error" or (
        mask_truncated and whole.end in ("token_limit", "turn_limit", "time_limit")
    )
    kept = whole.tokens is not None and bool(whole.tokens.advantages)
    return episode.part == "train" and kept and not masked


def _turn(turn: Turn, tokens: Tokens | None, decode: Decode | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "text": _cut(turn.text),
        "complete": turn.complete,
        "parse_failure": turn.parse_failure,
        "calls": [_call(call) for call in turn.calls],
        "observation": [
            {"role": m["role"], "name": m.get("name"), "text": _cut(m["content"])}
            for m in turn.observation
        ],
        "seconds": _rounded(turn.seconds),
    }
    if tokens is not None and decode is not None and turn.span is not None:
        start, end = turn.span
        found["tokens"] = {
            "text": decode(tokens.completion[start:end]),
            "mask": tokens.mask[start:end],
            "logprob": [_rounded(value) for value in tokens.logprobs[start:end]],
            "advantage": [_rounded(value) for value in tokens.advantages[start:end]],
        }
    return found


def _call(call: Call) -> dict[str, Any]:
    return {"name": call.name, "failure": call.failure, "seconds": _rounded(call.seconds)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _cut(text: str) -> str:
    more = len(text) - _LONGEST
    return f"{text[:_LONGEST]}\n… {more} characters more" if more > 0 else text
