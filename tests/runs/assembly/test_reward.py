import math
from typing import ClassVar

import numpy as np
import pytest

from mentor_core.contracts.reward import Composed, Composer, Example, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.support.errors import ConfigError, RewardError
from mentor_lab.testing import trajectory_of
from mentor_runs.assembly.reward import Reward, apply_term

TASK = Task("task-1", "tests", "?")


class Length(RewardTerm):
    """1 / number of turns; None without turns; per turn whether it says something."""

    def score(self, trajectory, task, references):
        return 1 / len(trajectory.turns) if trajectory.turns else None

    def score_turns(self, trajectory, task, references):
        return [float(bool(turn.text)) or None for turn in trajectory.turns]


class Gives(RewardTerm):
    value: object = None
    turns: object = None

    def score(self, trajectory, task, references):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def score_turns(self, trajectory, task, references):
        return self.turns


class NeedsTeacher(Gives):
    needs: ClassVar = frozenset({"reference", "answer"})


class First(Composer):
    def compose(self, scores, training_progress):
        return Composed(scores.values_BK[:, 0])


class NeedsOutcome(First):
    requires: ClassVar = ("outcome",)


class Picky(First):
    def check(self, terms, weights):
        raise ConfigError(f"not with {weights}")


def test_scores_are_a_matrix_and_are_noted_on_the_trajectory():
    reward = Reward({"length": Length(), "none": Gives()}, {"length": 2}, First())
    batch = [trajectory_of("a", "", group=4), trajectory_of(group=9)]
    scores = reward.score([Example(trajectory, TASK) for trajectory in batch])
    assert scores.terms == ("length", "none")
    assert scores.weights_K.tolist() == [2, 0]
    np.testing.assert_array_equal(scores.values_BK, [[0.5, math.nan], [math.nan, math.nan]])
    np.testing.assert_array_equal(scores.turns_NK[0], [[1, math.nan], [math.nan, math.nan]])
    assert scores.turns_NK[1].shape == (0, 2)
    assert scores.groups_B.tolist() == [4, 9]
    assert batch[0].scores == {"length": 0.5, "none": None}
    np.testing.assert_array_equal(scores.column("length"), [0.5, math.nan])
    with pytest.raises(ConfigError, match="needs the reward term 'outcome'"):
        scores.column("outcome")


@pytest.mark.parametrize(
    ("term", "problem"),
    [
        (Gives(value=1.5), r"gave 1.5, outside its bounds \[0.0, 1.0\]"),
        (Gives(value=math.nan), "gave nan, outside"),
        (Gives(value=ZeroDivisionError("oh")), "raised ZeroDivisionError: oh"),
        (Gives(turns=[0.5, -1.5]), "gave a turn -1.5, and no turn can add more"),
        (Gives(turns=[0.5, math.nan]), "gave a turn nan, and no turn can add more"),
        (Gives(turns=[0.5]), "gave 1 per-turn scores for 2 turns"),
    ],
)
def test_a_term_that_breaks_its_contract_is_named(term, problem):
    reward = Reward({"odd": term}, {"odd": 1}, First())
    with pytest.raises(RewardError, match=f"'odd' on a trajectory of task 'task-1' {problem}"):
        reward.score([Example(trajectory_of("a", "b"), TASK)])


@pytest.mark.parametrize(
    ("terms", "weights", "composer", "problem"),
    [
        ({}, {}, First(), "at least one term"),
        ({"a": Gives()}, {"b": 1}, First(), "'b', which is not a term"),
        ({"a": Gives()}, {"a": math.inf}, First(), "weight of reward term 'a' is inf"),
        ({"a": Gives()}, {"a": 0}, First(), "all weights"),
        ({"a": Gives()}, {"a": 1}, NeedsOutcome(), "NeedsOutcome requires .* outcome"),
        ({"a": Gives(), "b": Gives()}, {"b": 1}, Picky(), "not with {'a': 0.0, 'b': 1}"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(terms, weights, composer, problem):
    with pytest.raises(ConfigError, match=problem):
        Reward(terms, weights, composer)


def test_needs_name_the_terms_that_have_them():
    terms = {"a": NeedsTeacher(), "b": Gives(), "c": NeedsTeacher()}
    reward = Reward(terms, {"a": 1}, First())
    assert reward.needs == {"answer": ["a", "c"], "reference": ["a", "c"]}


@pytest.mark.parametrize("value", [True, np.True_, np.float32(1), np.int64(1), np.array(1)])
def test_a_score_may_be_any_number(value):
    # Trajectories with a scalar of numpy cannot be saved.
    score, _ = apply_term("gives", Gives(value=value), Example(trajectory_of([]), TASK, ()))
    assert (score, type(score)) == (1.0, float)


def test_a_score_that_is_no_number_is_named():
    with pytest.raises(RewardError, match=r"term .gives. .* gave something that is no number"):
        apply_term("gives", Gives(value="high"), Example(trajectory_of([]), TASK, ()))
