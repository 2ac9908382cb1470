"""The imitation gap: similarities that behave like ones, and differences counted by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Call, Trajectory, Turn
from mentor_lab.imitation import imitation_gap
from mentor_lab.testing import trajectories, trajectory_of

several = st.lists(
    st.sampled_from(("task-1", "task-2", "task-3")).flatmap(trajectories), max_size=6
)


def call(name, failure=None, **arguments):
    return Call(name, arguments, failure=failure)


def renamed(trajectory, suffix):
    for one in trajectory.calls:
        one.name, one.key = one.name + suffix, None
    return trajectory


@settings(max_examples=60, deadline=None)
@given(several, several)
def test_similarities_are_symmetric_and_bounded(ours, theirs):
    there, back = imitation_gap(ours, theirs), imitation_gap(theirs, ours)
    for name in ("similarity", "bigram_similarity"):
        value = getattr(there, name)
        assert value == getattr(back, name)
        assert value is None or 0 <= value <= 1
    assert (there.over_calling is None) == (there.tasks == 0) == (there.bigram_similarity is None)
    assert there.followed + sum(there.first_divergence.values()) == there.episodes
    assert there.tools == {tool: pair[::-1] for tool, pair in back.tools.items()}


@settings(max_examples=60, deadline=None)
@given(several, st.randoms(use_true_random=False))
def test_a_student_that_is_the_teacher_has_no_gap(ours, shuffle):
    theirs = list(ours)
    shuffle.shuffle(theirs)
    found = imitation_gap(ours, theirs)
    assert found.episodes == found.followed == len(ours)
    assert found.same_calls == sum(len(t.calls) for t in ours)
    assert found.unmatched == []
    assert found.first_divergence == found.argument_errors == {}
    if found.tasks:
        assert found.bigram_similarity == pytest.approx(1)
        assert found.over_calling == found.under_calling == 0
        assert found.similarity is None or found.similarity == pytest.approx(1)
        assert (found.similarity is None) == (not any(t.calls for t in ours))


@settings(max_examples=60, deadline=None)
@given(several, several, st.randoms(use_true_random=False))
def test_the_order_of_trajectories_does_not_matter(ours, theirs, shuffle):
    before = imitation_gap(ours, theirs)
    shuffle.shuffle(ours)
    shuffle.shuffle(theirs)
    assert imitation_gap(ours, theirs) == before


@settings(max_examples=40, deadline=None)
@given(st.lists(trajectories().filter(lambda t: t.calls), min_size=1, max_size=4))
def test_a_student_that_calls_nothing_that_the_teacher_calls_is_not_similar_at_all(theirs):
    ours = [renamed(trajectory_of([call(one.name) for one in t.calls]), "_2") for t in theirs]
    found = imitation_gap(ours, theirs)
    assert found.similarity == pytest.approx(0, abs=1e-9)
    assert found.bigram_similarity == pytest.approx(0, abs=1e-9)
    assert found.same_calls == found.followed == 0


def test_by_hand():
    add, multiply = call("add", a=1, b=2), call("multiply", a=3, b=4)
    teacher = trajectory_of([add], [multiply], "12")
    wordy = trajectory_of([add], [add], [call("multiply", a=3.0, b=4)], "12")
    short = trajectory_of([add], "3")
    found = imitation_gap([wordy, short, trajectory_of("?", task_id="other")], [teacher])
    assert (found.tasks, found.episodes, found.unmatched) == (1, 2, [("tests", "other")])
    # The student's calls: 3/4 add, 1/4 multiply; the teacher's: a half each. In bits, by hand.
    divergence = (0.75 * math.log2(1.2) + 0.25 * math.log2(2 / 3)) / 2
    divergence += (0.5 * math.log2(0.8) + 0.5 * math.log2(4 / 3)) / 2
    assert found.similarity == pytest.approx(1 - divergence)
    assert (found.over_calling, found.under_calling) == (0.5, 0.5)
    assert found.tools == {"add": (1.5, 1.0), "multiply": (0.5, 1.0)}
    assert (found.followed, found.first_divergence) == (0, {2: 2})
    assert (found.same_calls, found.argument_errors) == (3, {})


def test_the_closest_of_several_models_counts():
    long_way = trajectory_of([call("add", a=1, b=1)], [call("add", a=2, b=1)], "3")
    short_way = trajectory_of([call("add", a=1, b=2)], "3")
    found = imitation_gap([short_way], [long_way, short_way])
    assert (found.followed, found.over_calling, found.under_calling) == (1, 0, 0)


def test_canonical_keys_make_calls_the_same():
    one, other = Call("add", {"a": 1, "b": 2}, key="3"), Call("add", {"a": 2, "b": 1}, key="3")
    assert imitation_gap([trajectory_of([one])], [trajectory_of([other])]).followed == 1


def test_argument_errors_have_kinds():
    teacher = trajectory_of(
        [call("search", query="red", limit=3), call("add", a=1, b=2), call("add", a=5, b=5)]
    )
    student = trajectory_of(
        [call("search", query=["red"], page=1), call("add", a=5, b=5), call("add", a=True, b=7)]
    )
    found = imitation_gap([student], [teacher])
    assert found.argument_errors == {
        "another_type": 2,
        "another_value": 1,
        "missing": 1,
        "unexpected": 1,
    }
    assert found.same_calls == 1


def test_what_follows_an_error():
    bad = call("add", "bad_arguments", a="x")
    good = call("add", a=1)
    reactions = {
        "corrected": [good],
        "failed_again": [call("add", "bad_arguments", a="y")],
        "repeated": [bad],
        "another_tool": [call("multiply", a=1)],
        "no_call": "3",
    }
    played = [trajectory_of([bad], next_) for next_ in reactions.values()]
    played.append(trajectory_of([bad]))
    unread = Turn("<tool_call>", parse_failure="malformed_json")
    played.append(trajectory_of(turns=[unread, Turn("", calls=[good])]))
    found = imitation_gap(played, [trajectory_of([good], "3")])
    # The second turns of `failed_again` and of `repeated` fail as well, and nothing follows them.
    assert found.after_error == {
        "ended": 3,
        "corrected": 2,
        "another_tool": 1,
        "failed_again": 1,
        "no_call": 1,
        "repeated": 1,
    }
    assert found.failures == {"bad_arguments": 8, "malformed_json": 1}


def test_environments_are_kept_apart():
    ours = [trajectory_of([call("search")], env="shop"), trajectory_of([call("search")], env="web")]
    found = imitation_gap(ours, ours)
    assert set(found.tools) == {"shop/search", "web/search"}


def test_nothing_to_compare_is_not_scored():
    found = imitation_gap([trajectory_of([call("add")])], [Trajectory("t", "elsewhere")])
    assert (found.tasks, found.unmatched) == (0, [("tests", "task-1")])
    assert found.similarity is found.bigram_similarity is found.over_calling is None
    silent = imitation_gap([trajectory_of("3")], [trajectory_of([call("add")], "3")])
    assert silent.similarity is None
    assert silent.under_calling == 1
