"""Steps: an episode's turns or calls as steps, with what a credit notes of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mentor_core.contracts.chat import Chat
from mentor_core.contracts.credit import Layout
from mentor_core.contracts.parsing import CallParser
from mentor_core.contracts.reward import Example, Floats, Scores
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.support.errors import ConfigError
from mentor_runs.assembly.reward import Reward, apply_term
from mentor_runs.training import Training
from mentor_toolkit.by_call import call_ends, one_call_a_turn, shared_out
from mentor_toolkit.noting import NotedLayout, NotingCredit

__all__ = ["Steps"]


@dataclass(frozen=True, slots=True)
class Steps:
    """Makes steps of turns, or of calls, which the parser that read the turn tells apart.

    A call is complete after the first token with which the parser reads the call. So every format
    whose calls can be read one after another has spans of calls, and no parser has to give them.
    Turns in which the parser reads two calls only together stay whole.
    """

    credit: NotingCredit
    chat: Chat
    parser: CallParser

    @classmethod
    def of(cls, training: Training) -> Steps | None:
        """The steps for a training whose credit notes something; None for other credits.

        Raises:
            ConfigError: no two calls in the student's format have spans of their own.
        """
        credit = training.parts.credit
        if not isinstance(credit, NotingCredit):
            return None
        steps = cls(credit, training.student.chat, training.parts.envs[0].parser)
        if credit.by_call:
            steps.check(training.parts.config.credit)
        return steps

    def check(self, name: str) -> None:
        """Refuse a format whose calls can only be read together.

        Args:
            name: the credit's name.

        Raises:
            ConfigError: no two calls in this format have spans of their own.
        """
        call = Call(next(iter(self.parser.parameters), "mentor_probe"), {})
        ids = self.chat.turn_ids(self.parser.render("", [call, call]), [call, call])
        if not self._ends(ids, 2):
            raise ConfigError(
                f"the credit {name!r} gives each call its own advantage, and the parser "
                f"{type(self.parser).__name__} reads the calls of a turn only together; use --set "
                "credit=turn_critic --set critic=linear"
            )

    def divided(
        self, examples: Sequence[Example], scores: Scores, reward: Reward
    ) -> tuple[list[Example], Scores, list[Layout], list[int]]:
        """The examples in steps, with their scores, layouts, and numbers of replayed steps.

        The scores have additions of steps in place of those of turns.
        """
        pairs = [self.split(example) for example in examples]
        added = [
            self._added(whole_NK, step, layout, reward)
            for whole_NK, (step, layout) in zip(scores.turns_NK, pairs, strict=True)
        ]
        layouts: list[Layout] = [layout for _, layout in pairs]
        replayed = [
            bisect_left(layout.turns, example.trajectory.replayed) for example, layout in pairs
        ]
        return [step for step, _ in pairs], replace(scores, turns_NK=added), layouts, replayed

    def split(self, example: Example) -> tuple[Example, NotedLayout]:
        """The example with a step a turn, and the places of the steps."""
        trajectory = example.trajectory
        tokens = trajectory.tokens.completion if trajectory.tokens else []
        ends = [self._turn_ends(turn, tokens) for turn in trajectory.turns]
        steps, numbers = one_call_a_turn(
            trajectory, ends, lambda start, end: self.chat.decode(tokens[start:end])
        )
        spans = [turn.span for turn in steps.turns]
        note = self.credit.note(steps, numbers)
        layout = NotedLayout(len(tokens), spans, turns=numbers, note=note)
        return replace(example, trajectory=steps), layout

    def _added(
        self, whole_NK: Floats, step: Example, layout: NotedLayout, reward: Reward
    ) -> Floats:
        """Each step's addition to each term, [S, K]."""
        added_SK = np.full((len(layout.turns), whole_NK.shape[1]), np.nan)
        for k, (name, term) in enumerate(reward.terms.items()):
            if len(layout.turns) > len(whole_NK) and not np.isnan(whole_NK[:, k]).all():
                _, added = apply_term(name, term, step)
                added_SK[:, k] = [np.nan if one is None else one for one in added or ()]
        return shared_out(whole_NK, added_SK, layout.turns)

    def _turn_ends(self, turn: Turn, tokens: Sequence[int]) -> list[int]:
        if not self.credit.by_call or turn.span is None or len(turn.calls) < 2:
            return []
        return self._ends(tokens[slice(*turn.span)], len(turn.calls))

    def _ends(self, ids: Sequence[int], count: int) -> list[int]:
        def calls_in(length: int) -> int:
            return len(self.parser.parse(self.chat.decode(ids[:length])).calls)

        return call_ends(len(ids), count, calls_in) or []
