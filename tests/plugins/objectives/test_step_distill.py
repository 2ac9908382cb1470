"""distill with `step`: a turn in states that the teacher does not know pulls no more than that."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.objective import MicroBatch
from mentor_core.door.registry import OBJECTIVES, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.objectives.distill import Distill


class Known(Distill):
    """A teacher whose log-probabilities are given."""

    def judge(self, batch):
        return self._model, torch.ones_like(self._model)


def losses(nearer, mask, step):
    """Losses of a student that gives each token −1 nat, and a teacher nearer by so much."""
    own_BT, mask_BT = -torch.ones(1, len(mask)), torch.tensor([mask], dtype=torch.float)
    ids_BT = torch.ones_like(own_BT).long()
    objective = Known(teacher="given", step=step, most=50.0)
    objective._model = own_BT + torch.tensor([nearer])
    batch = MicroBatch(own_BT, own_BT, own_BT, own_BT, mask_BT, ids_BT, ids_BT, [], 0.0)
    return objective.loss(batch)[0][0]


MASK = [1, 1, 0, 0, 1, 1, 1, 0, 1, 1]
"""Three turns of two, three and two tokens, with the environment's words between them."""
TURNS = [[0, 1], [4, 5, 6], [8, 9]]


def test_a_turn_astray_has_a_bounded_pull_and_changes_no_other_turn():
    """After a wrong call the teacher finds all tokens unlikely; then the student is back."""
    near, astray = 0.2, 12.0
    nearer = [-near] * 4 + [-astray] * 3 + [0.0] + [-near] * 2
    plain, weighted = losses(nearer, MASK, None), losses(nearer, MASK, 0.5)
    share = [float(found[TURNS[1]].sum() / found[MASK_AT].sum()) for found in (plain, weighted)]
    assert share[0] > 0.97  # without the weights, the turn astray is nearly the whole loss
    assert share[1] < 0.66
    assert float(weighted[TURNS[1]].mean()) == pytest.approx(0.5)
    for turn in (TURNS[0], TURNS[2]):
        assert torch.equal(weighted[turn], plain[turn])


MASK_AT = [place for turn in TURNS for place in turn]
nats = st.floats(-20, 20, allow_nan=False)


@given(st.lists(nats, min_size=len(MASK), max_size=len(MASK)), st.floats(0.01, 5))
def test_no_turn_pulls_away_by_more_than_the_step(nearer, step):
    weighted, plain = losses(nearer, MASK, step), losses(nearer, MASK, None)
    for turn in TURNS:
        divergence = -sum(nearer[place] for place in turn) / len(turn)
        if divergence <= step:
            assert torch.equal(weighted[turn], plain[turn])
        else:
            assert float(weighted[turn].mean()) == pytest.approx(step, rel=1e-3)


def test_a_step_that_is_no_divergence_is_refused():
    with pytest.raises(ConfigError, match="objective 'distill'"):
        create(OBJECTIVES, "distill", {"teacher": "embedded/calculator", "step": 0})
