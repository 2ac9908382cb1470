"""Health: signs of a failing training, found in its metrics while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mentor_runs.settings.config import Sign

__all__ = ["Finding", "Health"]

_WINDOW = 5
"""Number of steps over which metrics are averaged: one step's metrics are too noisy."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sign, its figures, and the setting that helps."""

    sign: Sign
    step: int
    message: str

    def __str__(self) -> str:
        return f"step {self.step}: {self.message}"


class Health:
    """Looks at each step's metrics, and reports each sign once.

    The first and the last five steps are compared, from step ten on. Groups without variance, and
    episodes that are cut off, are reported before.

    Args:
        reference_calls: mean number of calls of the references; None if there is none.
        stop_on: signs that end the training.

    Attributes:
        findings: all reported findings.
        fatal: the finding that ends the training; None as long as it may go on.
    """

    def __init__(
        self, reference_calls: float | None = None, stop_on: Collection[Sign] = ()
    ) -> None:
        self.reference_calls, self.stop_on = reference_calls, stop_on
        self._first: list[Mapping[str, float | None]] = []
        self._last: deque[Mapping[str, float | None]] = deque(maxlen=_WINDOW)
        self._told: set[Sign] = set()
        self._steps = 0
        self.findings: list[Finding] = []
        self.fatal: Finding | None = None

    def look(self, step: int, metrics: Mapping[str, float | None]) -> list[Finding]:
        """The signs that this step's metrics show for the first time."""
        self._steps += 1
        if len(self._first) < _WINDOW:
            self._first.append(metrics)
        self._last.append(metrics)
        found = [
            Finding(sign, step, message)
            for sign, message in self._signs().items()
            if message and sign not in self._told
        ]
        self._told |= {finding.sign for finding in found}
        self.findings += found
        fatal = [finding for finding in found if finding.sign in self.stop_on]
        self.fatal = self.fatal or (fatal[0] if fatal else None)
        return found

    def _signs(self) -> dict[Sign, str | None]:
        if self._steps < _WINDOW:
            return {}
        found: dict[Sign, str | None] = {
            "zero_variance": self._zero_variance(),
            "truncation": self._truncation(),
        }
        if self._steps >= 2 * _WINDOW:
            found["few_calls"] = self._few_calls()
            found["low_entropy"] = self._low_entropy()
            found["reward_hacking"] = self._reward_hacking()
        return found

    def _few_calls(self) -> str | None:
        before, now = self._means("calls")
        needed = self.reference_calls
        if before is None or now is None or not needed:
            return None
        if now >= 0.5 * before or now >= 0.5 * needed:
            return None
        return (
            f"calls an episode fell from {before:.2f} to {now:.2f}, and references make "
            f"{needed:.2f}: the reward pays for stopping early. Test the reward with "
            "`mentor check-reward`, or gate it by the outcome: reward.composer=outcome_gated"
        )

    def _low_entropy(self) -> str | None:
        before, now = self._means("entropy")
        if self._means("reward")[1] is None:  # imitation: to be certain is its aim
            return None
        if before is None or now is None or now >= 0.1 * before:
            return None
        return (
            f"entropy fell from {before:.3f} to {now:.3f} nats a token: the student hardly "
            "explores. Lower train.learning_rate, or add train.trl.entropy_coef=0.01"
        )

    def _zero_variance(self) -> str | None:
        _, now = self._means("groups/zero_variance")
        if now is None or now <= 0.8:
            return None
        _, success = self._means("success")
        if success is not None and success > 0.5:
            cause = "most tasks are solved every time: choose harder tasks"
        else:
            cause = "most tasks are never solved: begin with imitation, --warm-start sft:64"
        return f"{now:.0%} of the groups have no variance and teach nothing; {cause}"

    def _truncation(self) -> str | None:
        parts = [self._means(f"end/{end}")[1] for end in ("token_limit", "turn_limit")]
        cut = sum(part or 0.0 for part in parts)
        if cut <= 0.5:
            return None
        return (
            f"{cut:.0%} of the episodes are cut off by a limit: raise rollout.max_episode_tokens, "
            "rollout.max_turn_tokens or rollout.max_turns"
        )

    def _reward_hacking(self) -> str | None:
        (before, now), (won, wins) = self._means("reward"), self._means("success")
        if before is None or now is None or won is None or wins is None:
            return None
        if now < before + 0.05 or wins > won - 0.02:
            return None
        return (
            f"the reward rose from {before:.2f} to {now:.2f} while verified success fell from "
            f"{won:.1%} to {wins:.1%}: a term pays for something else. Give the outcome more "
            "weight, or gate the other terms by it: reward.composer=outcome_gated"
        )

    def _means(self, name: str) -> tuple[float | None, float | None]:
        """Mean of a metric over the first and over the last steps; None if not measured."""
        return _mean(self._first, name), _mean(self._last, name)


def _mean(steps: Iterable[Mapping[str, float | None]], name: str) -> float | None:
    values = [value for step in steps if (value := step.get(name)) is not None]
    return sum(values) / len(values) if values else None
