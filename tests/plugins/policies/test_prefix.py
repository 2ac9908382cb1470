"""Episodes that begin with turns that were written before: the rest is exactly as it would be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.door.registry import POLICIES, create
from mentor_core.play.rollout import Rollout, Start
from mentor_envs.calculator.env import Calculator
from mentor_toolkit.scripts import play_expert

LIMITS = Limits(max_turn_tokens=64, max_episode_tokens=600)


@pytest.fixture(scope="module")
def tasks():
    return Calculator(train_size=24).tasks("train")


def roll(student, starts, name="transformers", temperature=0.0, **options):
    policy = create(POLICIES, name, options)
    policy.prepare(student, Sampling(temperature), LIMITS)
    rollout = Rollout(Calculator, policy, max_error_share=1, episodes=5)
    try:
        return rollout.run(starts)
    finally:
        rollout.close()


@pytest.mark.parametrize("name", ["transformers", "generate"])
def test_a_greedy_episode_goes_on_as_if_it_had_not_stopped(student, tasks, name):
    """Same ids, turns and outcome after any number of its own turns, which carry no loss."""
    whole = roll(student, [Start(task, 7) for task in tasks], name)
    starts = [
        (Start(task, 7, prefix=played, turns=turns), played)
        for task, played in zip(tasks, whole, strict=True)
        for turns in range(len(played.turns))
    ]
    assert len(starts) > 40
    for (start, before), now in zip(
        starts, roll(student, [start for start, _ in starts], name), strict=True
    ):
        assert now.tokens.completion == before.tokens.completion
        assert [turn.text for turn in now.turns] == [turn.text for turn in before.turns]
        assert (now.end, now.answer, now.outcome) == (before.end, before.answer, before.outcome)
        given = now.turns[: start.turns]
        assert all(turn.span is None for turn in given)
        assert now.turns[start.turns].span == before.turns[start.turns].span
        first = before.turns[start.turns].span[0]
        assert not any(now.tokens.mask[:first])
        assert now.tokens.mask[first:] == before.tokens.mask[first:]


def test_a_teachers_turns_are_written_in_the_students_format(student, tasks):
    env = Calculator()
    references = [play_expert(env, task) for task in tasks]
    starts = [
        Start(task, 0, prefix=reference, turns=len(reference.turns) - 1)
        for task, reference in zip(tasks, references, strict=True)
    ]
    played = roll(student, starts)
    for reference, trajectory in zip(references, played, strict=True):
        assert trajectory.end != "error", trajectory.error
        shared = len(reference.turns) - 1
        made = [(c.name, c.arguments, c.result) for t in trajectory.turns[:shared] for c in t.calls]
        assert made == [(c.name, c.arguments, c.result) for c in reference.calls]
    # All but the answer is given: the student solves most of what it solves a fifth of alone.
    assert sum(trajectory.outcome for trajectory in played) > len(played) / 2


def test_the_whole_of_a_reference_leaves_nothing_to_generate(student, tasks):
    reference = play_expert(Calculator(), tasks[0])
    (played,) = roll(student, [Start(tasks[0], 0, prefix=reference)])
    assert (played.end, played.outcome) == ("answered", 1.0)
    assert not any(played.tokens.mask)


def test_a_replay_that_differs_is_an_error_and_no_other_episodes(student, tasks):
    """A tool that answers otherwise today would teach from a state that never was."""
    reference = play_expert(Calculator(), tasks[0])
    first = reference.turns[0]
    forged = replace(first, calls=[replace(first.calls[0], result="4711")])
    broken = Start(tasks[0], 0, prefix=replace(reference, turns=[forged, *reference.turns[1:]]))
    good = Start(tasks[0], 0, prefix=reference, turns=1)
    played = roll(student, [broken, good])
    assert [trajectory.end == "error" for trajectory in played] == [True, False]
    assert "the replay differs at turn 1" in played[0].error


def test_turns_that_leave_no_room_are_an_error(student, tasks):
    reference = play_expert(Calculator(), tasks[0])
    policy = create(POLICIES, "transformers")
    policy.prepare(student, Sampling(0.0), Limits(max_turn_tokens=8, max_episode_tokens=10))
    rollout = Rollout(Calculator, policy, max_error_share=1)
    (played,) = rollout.run([Start(tasks[0], 0, prefix=reference, turns=1)])
    rollout.close()
    assert played.end == "error"
    assert "leave no room" in played.error
