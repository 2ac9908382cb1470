"""Calls as steps: nothing of an episode is lost, and nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.parsing import HermesParser
from mentor_lab.testing import calls, recorded, trajectory_of
from mentor_toolkit.by_call import call_ends, one_call_a_turn, shared_out
from mentor_toolkit.calls import written

PARSER = HermesParser()
EPISODES = st.lists(st.lists(calls(), max_size=3), max_size=2).map(
    lambda turns: recorded(trajectory_of(*turns, "done"))
)


def divided(trajectory):
    """The steps and their turns, with Hermes' parser and a token a byte."""
    said = bytes(trajectory.tokens.completion)

    def text_of(start, end):
        return said[start:end].decode("utf-8", "surrogatepass")

    def ends(turn):
        start, end = turn.span
        found = call_ends(
            end - start,
            len(turn.calls),
            lambda length: len(PARSER.parse(text_of(start, start + length)).calls),
        )
        return found or []

    whole = [replace(turn, text=text_of(*turn.span)) for turn in trajectory.turns]
    trajectory = replace(trajectory, turns=whole)
    return one_call_a_turn(trajectory, [ends(turn) for turn in whole], text_of)


@settings(max_examples=40)
@given(EPISODES)
def test_steps_are_the_episode_cut_at_its_calls(trajectory):
    steps, turns = divided(trajectory)
    assert steps.calls == trajectory.calls
    for number, turn in enumerate(trajectory.turns):
        own = [step for step, of_turn in zip(steps.turns, turns, strict=True) if of_turn == number]
        assert [own[0].span[0], own[-1].span[1]] == [*turn.span]
        assert all(a.span[1] == b.span[0] for a, b in pairwise(own))
        assert [message for step in own for message in step.observation] == turn.observation
        for step in own if len(own) > 1 else ():
            assert [*map(written, PARSER.parse(step.text).calls)] == [*map(written, step.calls)]
    assert len(steps.turns) == sum(max(len(turn.calls), 1) for turn in trajectory.turns)


@given(st.integers(1, 60), st.lists(st.integers(1, 60), max_size=5))
def test_ends_are_the_first_places_where_a_call_can_be_read(length, complete):
    """`complete` are the numbers of tokens after which calls can be read; two may be equal."""
    complete = sorted(min(place, length) for place in complete)
    found = call_ends(length, len(complete), lambda k: sum(place <= k for place in complete))
    together = len(set(complete)) < len(complete)
    assert found == (None if together else complete[:-1])


UNKNOWN = st.just(np.nan) | st.floats(-1, 1)


@given(st.lists(st.tuples(UNKNOWN, st.lists(UNKNOWN, min_size=1, max_size=4)), max_size=4))
def test_additions_of_steps_add_up_to_their_turns(turns):
    whole_NK = np.array([whole for whole, _ in turns]).reshape(-1, 1)
    steps_SK = np.array([one for _, steps in turns for one in steps]).reshape(-1, 1)
    numbers = [n for n, (_, steps) in enumerate(turns) for _ in steps]
    found_SK = shared_out(whole_NK, steps_SK, numbers)
    for n, (whole, _) in enumerate(turns):
        own = found_SK[np.array(numbers) == n, 0]
        if np.isnan(whole):
            assert np.isnan(own).all()
        else:
            assert own.sum() == pytest.approx(whole)
