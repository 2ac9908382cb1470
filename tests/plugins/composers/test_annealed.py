"""Annealed: the teacher guides where the student fails, and is silent where it succeeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mentor_core.contracts.reward import RewardTerm, Scores
from mentor_core.door.registry import COMPOSERS, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.annealed import Annealed
from mentor_runs.assembly.reward import Reward

TERMS = ("outcome", "teacher")


class Fixed(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0


def scores(values, groups=None, weights=(1.0, 1.0)):
    values_BK = np.array(values, dtype=float)
    groups_B = np.array([0] * len(values) if groups is None else groups)
    return Scores(TERMS, np.array(weights), values_BK, [values_BK.copy()] * len(values), groups_B)


def rewards(composer, values, groups=None, weights=(1.0, 1.0)):
    return composer.compose(scores(values, groups, weights), 0.0).rewards_B


def test_by_hand():
    """Group 0 fails: w·s / Σ w as it is. Half of group 1 succeeds: the teacher has half a say."""
    values = [[0, 0.5], [0, 1.0], [1, 0.5], [0, 1.0]]
    found = rewards(Annealed(), values, [0, 0, 1, 1])
    assert found == pytest.approx([0.25, 0.5, 1.25 / 1.5, 0.5 / 1.5])


def test_where_the_student_succeeds_the_outcome_alone_counts():
    assert rewards(Annealed(), [[1, 0.2], [1, 0.9]]) == pytest.approx([1.0, 1.0])
    assert rewards(Annealed(until=0.5), [[1, 0.2], [0, 0.9]]) == pytest.approx([1.0, 0.0])


def test_without_an_outcome_the_teacher_keeps_its_say():
    composer = Annealed(missing="renormalise")
    assert rewards(composer, [[np.nan, 0.2], [np.nan, 0.9]]) == pytest.approx([0.2, 0.9])


values = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1)), min_size=1, max_size=12
)


@given(values, st.floats(0.1, 1), st.floats(0.1, 3), st.floats(0.1, 3), st.data())
def test_properties(rows, until, outcome, teacher, data):
    groups = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    composer, weights = Annealed(until=until), (outcome, teacher)
    found = rewards(composer, rows, groups, weights)
    assert ((found >= -1e-12) & (found <= 1 + 1e-12)).all()
    plain = create(COMPOSERS, "weighted_sum").compose(scores(rows, groups, weights), 0.0).rewards_B
    for group in set(groups):
        members = [index for index, own in enumerate(groups) if own == group]
        alone = rewards(composer, [rows[i] for i in members], None, weights)
        assert found[members] == pytest.approx(alone)  # other groups have no say
        if not any(rows[i][0] == 1.0 for i in members):
            assert found[members] == pytest.approx(plain[members])
    turns = composer.compose(scores(rows, groups, weights), 0.0).turns_N
    assert [len(turn) for turn in turns] == [len(rows)] * len(rows)


@pytest.mark.parametrize(
    ("terms", "weights", "options", "message"),
    [
        (TERMS, (1, 1), {"terms": ["techer"]}, "'techer' is not a term.*did you mean teacher"),
        (TERMS, (0, 1), {}, "give 'outcome' a weight"),
        (("teacher",), (1,), {}, "requires the reward term.* outcome"),
    ],
)
def test_settings_that_teach_nothing_are_refused(terms, weights, options, message):
    with pytest.raises(ConfigError, match=message):
        Reward(
            {name: Fixed() for name in terms},
            dict(zip(terms, weights, strict=True)),
            Annealed(**options),
        )


def test_the_outcome_cannot_fall():
    with pytest.raises(ValidationError, match="cannot fall with the outcome"):
        Annealed(terms=["outcome"])
