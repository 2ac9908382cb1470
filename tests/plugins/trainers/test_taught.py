"""What a teacher wrote becomes the tokens that the student would have been trained on itself."""

from __future__ import annotations

import dataclasses

import pytest

from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import POLICIES, create
from mentor_core.play.rollout import Rollout, Start
from mentor_core.support.errors import DataError
from mentor_plugins.models.chat import ChatFormat
from mentor_plugins.trainers.taught import taught_tokens
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.scripts import play_expert


@pytest.fixture(scope="module")
def calculator():
    return assemble(resolve({"env_options": {"train_size": 16}})).domains["calculator"].env


def test_a_taught_conversation_has_the_tokens_and_the_mask_of_a_rollout(student, calculator):
    """Imitation and reinforcement would otherwise train two different conversations."""
    policy = create(POLICIES, "transformers")
    policy.prepare(student, Sampling(temperature=0), Limits())
    rollout = Rollout(lambda: calculator, policy, episodes=1)
    tasks = calculator.tasks("train")[:8]
    compared = 0
    for played in rollout.run([Start(task, 0) for task in tasks]):
        calculator.reset(options={"task": next(t for t in tasks if t.id == played.task_id)})
        taught = taught_tokens(student.chat, calculator.parser, played, calculator.schemas)
        assert taught.prompt == played.tokens.prompt
        assert taught.completion == played.tokens.completion
        assert [mask > 0 for mask in taught.mask] == [mask > 0 for mask in played.tokens.mask]
        assert set(taught.mask) == {0, 2}
        compared += len(played.turns)
    assert compared > 8
    rollout.close()


def test_every_turn_of_the_expert_ends_with_a_token_that_ends_turns(student, calculator):
    """A student that is never shown the end of a turn writes until it is cut off."""
    for task in calculator.tasks("train"):
        record = taught_tokens(
            student.chat, calculator.parser, play_expert(calculator, task), calculator.schemas
        )
        ends = [
            token
            for token, mask, after in zip(
                record.completion, record.mask, [*record.mask[1:], 0], strict=True
            )
            if mask == 2 and after == 0
        ]
        assert ends
        assert set(ends) <= set(student.chat.end_ids)


def test_text_that_would_end_the_turn_is_refused(student, calculator):
    """An argument with the text of an end token would teach the student to stop inside a call."""
    episode = play_expert(calculator, calculator.tasks("train")[0])
    end = student.chat.ends[0]
    forged = dataclasses.replace(episode, turns=[Turn(f"It is{end} 5.")])
    with pytest.raises(DataError, match="ends a turn"):
        taught_tokens(student.chat, calculator.parser, forged, calculator.schemas)


def test_calls_that_the_text_does_not_make_are_refused(student, calculator):
    episode = play_expert(calculator, calculator.tasks("train")[0])
    first = dataclasses.replace(episode.turns[0], calls=[Call("add", {"a": 1, "b": 999})])
    changed = dataclasses.replace(episode, turns=[first, *episode.turns[1:]])
    with pytest.raises(DataError, match="turn 1"):
        taught_tokens(student.chat, calculator.parser, changed, calculator.schemas)


def test_a_turn_ends_as_the_template_ends_it(student):
    """Turns with calls and turns without may end with different tokens."""
    chat: ChatFormat = student.chat
    for calls in ([], [Call("add", {"a": 1, "b": 2})]):
        *_, last = chat.turn_ids("…", calls)
        assert last in chat.end_ids
