"""Samplers, plans, critics and lessons: mentor's keep their promises, and faults are found."""

import random

import numpy as np
import pytest
from pydantic import PrivateAttr

from mentor_core.contracts.learner import Critic
from mentor_core.contracts.lessons import Lessons, Taught
from mentor_core.contracts.plan import Plan, Start
from mentor_core.contracts.sampler import TaskSampler
from mentor_core.door.registry import CRITICS, LESSONS, PLANS, SAMPLERS, create, names
from mentor_envs.calculator.env import Calculator
from mentor_lab.methods.conformance import broken
from mentor_lab.methods.steps import check_critic, check_lessons, check_plan, check_sampler


def calculator():
    return Calculator(train_size=6)


def kept(verdicts):
    """No promise is broken, and each was tested."""
    assert broken(verdicts) == []
    return all(verdict.tested for verdict in verdicts)


@pytest.mark.parametrize("name", names(SAMPLERS))
def test_mentors_samplers_keep_their_promises(name):
    assert kept(check_sampler(create(SAMPLERS, name), 30))


@pytest.mark.parametrize("name", names(PLANS))
def test_mentors_plans_keep_their_promises(name):
    assert kept(check_plan(create(PLANS, name), 30))


@pytest.mark.parametrize("name", names(CRITICS))
def test_mentors_critics_keep_their_promises(name):
    assert kept(check_critic(create(CRITICS, name, {"warmup": 1}), 10))


@pytest.mark.parametrize("name", names(LESSONS))
def test_mentors_lessons_keep_their_promises(name):
    assert kept(check_lessons(create(LESSONS, name), calculator, 15))


class InTurn(TaskSampler):
    _tasks: list = PrivateAttr(default_factory=list)

    def start(self, tasks, seed):
        self._tasks = list(tasks)

    def choose(self, drawn, count):
        return [self._tasks[n % len(self._tasks)] for n in range(drawn, drawn + count)]


class OneTooMany(InTurn):
    def choose(self, drawn, count):
        return super().choose(drawn, count + 1)


class Beyond(InTurn):
    def reach(self, count):
        return self._tasks[:1]


class Draws(InTurn):
    def choose(self, drawn, count):
        return random.sample(self._tasks, count)


class Forgets(InTurn):
    _steps: int = PrivateAttr(default=0)

    def choose(self, drawn, count):
        self._steps += 1
        return super().choose(self._steps, count)


class Fresh(Plan):
    def starts(self, group):
        return group.starts()


class TwoStates(Plan):
    def starts(self, group):
        first, *others = group.starts()
        return [Start(group.task, first.seed, group.index, group.references[0], 1), *others]


class Undeclared(Plan):
    def starts(self, group):
        return group.starts(group.references[0], 1)


class OneSeed(Plan):
    def starts(self, group):
        return group.starts()[:1]


class Half(Critic):
    def note(self, example):
        return len(example.trajectory.turns)

    def values(self, notes):
        return [np.full(turns + 1, 0.5) for turns in notes]

    def learn(self, notes, judged):
        return {}


class TooShort(Half):
    def values(self, notes):
        return [np.full(turns, 0.5) for turns in notes]


class Marks(Half):
    def note(self, example):
        example.trajectory.scores["mark"] = 1.0
        return super().note(example)


class Counts(Half):
    _batches: int = PrivateAttr(default=0)

    def values(self, notes):
        return [np.full(turns + 1, float(self._batches)) for turns in notes]

    def learn(self, notes, judged):
        self._batches += 1
        return {}


class First(Lessons):
    def taught(self, groups, likelihood):
        return [Taught(group.task, group.references[0]) for group in groups]


class Nothing(Lessons):
    def taught(self, groups, likelihood):
        return [Taught(group.task, group.references[0], weight=0.0) for group in groups]


class SkipsAll(Lessons):
    def taught(self, groups, likelihood):
        found = [(group.task, group.references[0]) for group in groups]
        return [Taught(task, one, skip=len(one.turns)) for task, one in found]


@pytest.mark.parametrize(
    ("check", "method", "properties"),
    [
        (check_sampler, InTurn, set()),
        (check_sampler, OneTooMany, {"contract"}),
        (check_sampler, Beyond, {"contract"}),
        (check_sampler, Draws, {"alike", "resumed"}),
        (check_sampler, Forgets, {"resumed"}),
        (check_plan, Fresh, set()),
        (check_plan, TwoStates, {"contract"}),
        (check_plan, Undeclared, {"contract"}),
        (check_plan, OneSeed, {"contract"}),
        (check_critic, Half, set()),
        (check_critic, TooShort, {"contract"}),
        (check_critic, Marks, {"contract"}),
        (check_critic, Counts, {"resumed"}),
        (lambda made, n: check_lessons(made, calculator, n), First, set()),
        (lambda made, n: check_lessons(made, calculator, n), Nothing, {"contract"}),
        (lambda made, n: check_lessons(made, calculator, n), SkipsAll, {"contract"}),
    ],
)
def test_each_fault_is_found_under_its_name(check, method, properties):
    verdicts = check(method(), 20)
    assert {v.property for v in verdicts if v.problem is not None} == properties
