import numpy as np
import pytest
from pydantic import ValidationError

from mentor_core.contracts.reward import Scores
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.rules import Rules
from mentor_plugins.rewards.outcome import Outcome
from mentor_runs.assembly.reward import Reward

NAN = np.nan


def compose(rules, values_BK):
    values_BK = np.array(values_BK, dtype=float)
    turns_NK, groups_B = [np.empty((0, 2))] * len(values_BK), np.zeros(len(values_BK), np.int64)
    scores = Scores(("a", "b"), np.ones(2), values_BK, turns_NK, groups_B)
    return Rules(rules=rules).compose(scores, 0.0)


def test_the_first_rule_that_holds_gives_the_reward():
    rules = [
        {"when": {"a": "missing"}, "base": 9},
        {"when": {"a": 1, "b": "scored"}, "base": 0.5, "weights": {"a": 2, "b": -1}},
        {"when": {"a": 1}, "base": 3},
        {"when": {"a": 0}, "weights": {"b": 1}},
    ]
    values_BK = [[NAN, 1], [1, 0.25], [1, NAN], [0, 0.75], [0, NAN], [0.5, 1]]
    composed = compose(rules, values_BK)
    assert composed.rewards_B == pytest.approx([9, 2.25, 3, 0.75, NAN, NAN], nan_ok=True)
    assert composed.turns_N is None


def test_a_rule_without_conditions_always_holds():
    assert compose([{"base": 1}], [[NAN, NAN], [0, 1]]).rewards_B.tolist() == [1, 1]


@pytest.mark.parametrize("rule", [{"when": {"outcom": 1}}, {"weights": {"outcom": 1}}])
def test_unknown_terms_are_refused_before_the_run(rule):
    with pytest.raises(ConfigError, match=r"rule 1 names 'outcom'.*did you mean outcome"):
        Reward({"outcome": Outcome()}, {"outcome": 1}, Rules(rules=[rule]))


@pytest.mark.parametrize("rules", [[], [{"when": {"a": "absent"}}], [{"bse": 1}]])
def test_malformed_rules_are_refused(rules):
    with pytest.raises(ValidationError):
        Rules(rules=rules)
