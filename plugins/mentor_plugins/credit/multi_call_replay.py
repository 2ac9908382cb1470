"""MultiCallReplay: each call of a turn is judged by the values before and after the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.learner import Critic
from mentor_core.support.errors import ConfigError
from mentor_plugins.credit.hier_critic import HierCritic
from mentor_toolkit.noting import NotingCredit

__all__ = ["MultiCallReplay"]


class MultiCallReplay(HierCritic, NotingCredit):
    """A_j = r_j + V_j − V_(j−1) for the tokens of call j, with the values V around the call.

    The values between the calls of a turn cancel. So the sum over a turn's calls is exactly the
    turn's own advantage, as `hier_critic` gives the turn. r_j is what call j adds to the reward,
    and the additions of a turn's calls add up to the turn's.

    The calls of a turn run one after another, and the record has each result. So the record shows
    the states between the calls, and nothing is executed twice. Environments whose calls may
    overlap have no such states, and are refused. A critic with a discount is refused, too: there is
    no time between the calls of a turn.

    Differences from the source: the states come from the environment's own record, and from no
    learnt model. The policy is not evaluated at several decision frequencies.

    Source: Sequence Reinforcement Learning (arXiv 2410.08979), temporal recall: a critic judges
    each primitive action of a sequence at the state in between.
    """

    by_call: ClassVar[bool] = True

    def check_run(self, config: Any, envs: Sequence[ToolEnv], critic: Critic | None) -> None:
        for env in envs:
            if env.parallel_calls:
                raise ConfigError(
                    f"the credit 'multi_call_replay' needs the state between two calls, and the "
                    f"calls of a turn may overlap in the environment {env.name!r} (its "
                    "parallel_calls is true); use --set credit=call_graph, or --set "
                    "credit=hier_critic"
                )
        if critic is not None and critic.discount < 1:
            raise ConfigError(
                f"the credit 'multi_call_replay' needs a critic without a discount, and it is "
                f"{critic.discount}, as there is no time between the calls of a turn; set "
                "critic_options.discount=1"
            )
