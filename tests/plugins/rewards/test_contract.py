"""What every registered reward term promises, whoever wrote it."""

from copy import deepcopy
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Example
from mentor_core.door.registry import REWARD_TERMS, create, names
from mentor_lab.testing import episodes
from mentor_plugins.rewards.format import Format

OPTIONS = {"instrumented_progress": {"milestones": ["4", "ok"]}}

VARIANTS = [(name, OPTIONS.get(name, {})) for name in names(REWARD_TERMS) if name != "judge"] + [
    ("tool_selection", {"mode": "set"}),
    ("tool_selection", {"mode": "overlap", "count_failed": False}),
    ("tool_selection", {"mode": "multiset", "count_failed": False}),
    ("tool_selection", {"mode": "order"}),
    ("arguments", {"mode": "strict"}),
    ("teacher", {"mode": "sequence"}),
    ("teacher", {"mode": "set"}),
]

TERMS = [create(REWARD_TERMS, *variant) for variant in VARIANTS]


def scores(term, example):
    arguments = example.trajectory, example.task, example.references
    return term.score(*arguments), term.score_turns(*arguments)


@given(episodes())
def test_scores_are_none_or_within_the_bounds_one_a_turn(example):
    for term in TERMS:
        value, turns = scores(term, example)
        low, high = term.bounds
        assert value is None or (isinstance(value, float) and low <= value <= high)
        for added in turns or ():
            assert added is None or (isinstance(added, float) and abs(added) <= high - low)
        assert turns is None or len(turns) == len(example.trajectory.turns)


@given(episodes())
def test_what_the_turns_added_is_what_the_whole_has_more_than_nothing(example):
    """Were it more, a policy could gain by turns without a better episode; less, by stopping."""
    trajectory = example.trajectory
    nothing = replace(trajectory, turns=[], end=None, answer=None, outcome=None)
    for term in TERMS:
        value, turns = scores(term, example)
        if turns is None or value is None:
            continue
        before = scores(term, replace(example, trajectory=nothing))[0]
        if before is None:  # format: nothing is wrong as yet; milestones: none is reached
            before = float(isinstance(term, Format))
        assert sum(turns) == pytest.approx(value - before), term


@given(episodes())
def test_scoring_twice_gives_the_same_and_changes_nothing(example):
    for term in TERMS:
        before = deepcopy(example)
        first = scores(term, example)
        assert asdict(example) == asdict(before)
        assert scores(term, example) == first
        assert scores(term, before) == first


@given(episodes(), st.floats(0, 1e6))
def test_wall_time_does_not_matter(example, seconds):
    for term in TERMS:
        slow = deepcopy(example)
        for turn in slow.trajectory.turns:
            turn.seconds = seconds
            for call in turn.calls:
                call.seconds = seconds
        assert scores(term, slow) == scores(term, example)


@given(episodes(), st.randoms())
def test_the_order_of_the_references_does_not_matter(example, random):
    for term in TERMS:
        shuffled = list(example.references)
        random.shuffle(shuffled)
        assert scores(term, replace(example, references=shuffled)) == scores(term, example)


@given(episodes())
def test_a_further_reference_never_lowers_the_score(example):
    fewer = Example(example.trajectory, example.task, example.references[1:])
    for term in TERMS:
        few, all_ = scores(term, fewer)[0], scores(term, example)[0]
        assert few is None or few <= all_, term


@given(episodes(), st.text(max_size=10))
def test_no_built_in_term_reads_the_text(example, text):
    rewritten = deepcopy(example)
    for turn in rewritten.trajectory.turns:
        turn.text = text
    for term in TERMS:
        assert scores(term, rewritten) == scores(term, example)


@given(episodes())
def test_terms_that_need_a_reference_score_nothing_without(example):
    for term in TERMS:
        if "reference" in term.needs:
            assert scores(term, replace(example, references=[])) == (None, None)
