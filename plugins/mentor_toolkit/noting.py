"""NotingCredit: base of credits that need more of an episode than its rewards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mentor_core.contracts.credit import Credit, Layout
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.learner import Critic
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["NotedLayout", "NotingCredit"]


@dataclass(frozen=True, slots=True)
class NotedLayout(Layout):
    """The places of the S steps of an episode: its turns, or its calls if the credit is `by_call`.

    Attributes:
        spans: [start, end) of each step's sampled tokens. The first call of a turn has the text
            before the call, too, and the last call has the rest of the turn.
        turns: number of each step's turn, from 0.
        note: see `NotingCredit.note`.
    """

    turns: Sequence[int] = ()
    note: Any = None


class NotingCredit(Credit):
    """A credit that notes something of each episode, or gives each call its own advantage.

    A trainer that knows this class gives `assign` layouts of the type `NotedLayout`. Processes
    exchange notes, not episodes. Other layouts have no note, and the docstring of a credit says
    how it does without.

    Attributes:
        by_call: true if each call is a step of its own. The rewards by turn of `Composed` are
            rewards by step then, and add up to the turn's. A critic's values are those before each
            step, and after the last.
    """

    by_call: ClassVar[bool] = False

    def check_run(self, config: Any, envs: Sequence[ToolEnv], critic: Critic | None) -> None:
        """Refuse runs that the credit is wrong for, before they start.

        Args:
            config: the run's settings, a `RunConfig`.
            envs: one environment of each kind.
            critic: the run's critic.

        Raises:
            ConfigError: names the fault, and a setting to use instead.
        """

    def note(self, steps: Trajectory, turns: Sequence[int]) -> Any:
        """A small, picklable note of an episode, for `NotedLayout.note`.

        Args:
            steps: the episode, with a step a turn.
            turns: number of each step's turn.
        """
        return None
