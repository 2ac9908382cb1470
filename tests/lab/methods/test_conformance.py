"""The promises of methods: mentor's own keep them, and each planted fault is found."""

import re

import numpy as np
import pytest
from pydantic import PrivateAttr

from mentor_core.contracts.credit import Credit
from mentor_core.contracts.objective import Objective
from mentor_core.contracts.reward import Composed, Composer
from mentor_core.contracts.teacher import Teacher
from mentor_core.door.registry import COMPOSERS, CREDITS, TEACHERS, create
from mentor_envs.calculator.env import Calculator
from mentor_lab.methods.conformance import broken, check_composer, check_credit, check_objective
from mentor_lab.methods.teachers import check_teacher
from mentor_toolkit.scripts import play_expert


@pytest.mark.parametrize("name", ["normalised", "outcome_gated", "weighted_sum"])
def test_mentors_composers_keep_their_promises(name):
    assert broken(check_composer(create(COMPOSERS, name), 50)) == []


@pytest.mark.parametrize("name", ["group", "turn"])
def test_mentors_credits_keep_their_promises(name):
    assert broken(check_credit(create(CREDITS, name), 50)) == []


def test_mentors_expert_keeps_its_promises():
    verdicts = check_teacher(create(TEACHERS, "expert"), Calculator, 3)
    assert broken(verdicts) == []
    assert all(verdict.tested for verdict in verdicts)


class Mean(Composer):
    def compose(self, scores, training_progress):
        return Composed(scores.values_BK.mean(1))


class Zero(Mean):
    def compose(self, scores, training_progress):
        return Composed(np.nan_to_num(scores.values_BK).mean(1))


class Short(Mean):
    def compose(self, scores, training_progress):
        return Composed(scores.values_BK.mean(1)[1:])


class Changes(Mean):
    def compose(self, scores, training_progress):
        scores.values_BK[:] = 0.5
        return Composed(scores.values_BK.mean(1))


class Counts(Mean):
    _batches: int = PrivateAttr(default=0)

    def compose(self, scores, training_progress):
        self._batches += 1
        return Composed(scores.values_BK.mean(1) + self._batches)


class Draws(Mean):
    def compose(self, scores, training_progress):
        return Composed(scores.values_BK.mean(1) + np.random.default_rng().random())


@pytest.mark.parametrize(
    ("composer", "properties"),
    [
        (Mean, set()),
        (Zero, {"contract"}),
        (Short, {"contract"}),
        (Changes, {"pure"}),
        (Counts, {"resumed"}),
        (Draws, {"deterministic", "resumed"}),
    ],
)
def test_each_fault_of_a_composer_is_found_under_its_name(composer, properties):
    verdicts = check_composer(composer(), 50)
    assert {v.property for v in verdicts if v.problem is not None} == properties


class OneEach(Credit):
    def assign(self, composed, groups_B, layouts):
        return [np.full(layout.length, 1.0) for layout in layouts]


class TooLong(Credit):
    def assign(self, composed, groups_B, layouts):
        return [np.zeros(layout.length + 1) for layout in layouts]


@pytest.mark.parametrize(
    ("credit", "said"), [(OneEach, "without a reward has"), (TooLong, r"\(1,\) advantages for 0")]
)
def test_faults_of_a_credit_are_found(credit, said):
    (found,) = broken(check_credit(credit(), 50))
    assert re.search(said, found)


class Plain(Objective):
    def loss(self, batch):
        return -batch.advantages_BT * batch.logps_BT, {"entropy_seen": batch.entropies_BT}


class Scalar(Objective):
    def loss(self, batch):
        return (-batch.advantages_BT * batch.logps_BT).mean(), {}


class Detached(Objective):
    def loss(self, batch):
        return -batch.advantages_BT * batch.logps_BT.detach(), {}


@pytest.mark.parametrize(
    ("objective", "said"), [(Plain, None), (Scalar, r"[B, T]"), (Detached, "grad")]
)
def test_faults_of_an_objective_are_found(objective, said):
    found = broken(check_objective(objective(), 5))
    assert (found == []) if said is None else (said in found[0])


class Cheats(Teacher):
    @property
    def identity(self):
        return {"made": object()}

    def attempt(self, attempts, room):
        for attempt in attempts:
            played = play_expert(room.env("calculator"), attempt.task, attempt.seed)
            played.outcome = 0.5
            room.keep(attempt, played)
            room.keep(attempt, played)


def test_faults_of_a_teacher_are_found():
    found = {v.property for v in check_teacher(Cheats(), Calculator, 2) if v.problem is not None}
    assert found == {"identity", "attempts", "replayed"}
