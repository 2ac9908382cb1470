import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_lab.testing import episodes, trajectory_of
from mentor_plugins.rewards.teacher import Teacher

TASK = Task("task-1", "tests", "Work it out.")


def add(a, b, **fields):
    return Call("add", {"a": a, "b": b}, str(a + b), **fields)


def multiply(a, b, **fields):
    return Call("multiply", {"a": a, "b": b}, str(a * b), **fields)


WORK = [add(3, 4), add(2, 9), multiply(7, 11)]  # (3 + 4) * (2 + 9)


@pytest.mark.parametrize(
    ("made", "wanted", "flexible", "sequence", "set_"),
    [
        (WORK, WORK, 1, 1, 1),
        # independent calls in any order
        ([add(2, 9), add(3, 4), multiply(7, 11)], WORK, 1, 0, 1),
        # 11 had not been worked out yet: the call comes too early, and reaches nothing
        ([add(3, 4), multiply(7, 11), add(2, 9)], WORK, 2 / 3, 0, 1),
        ([multiply(7, 11)], WORK, 0, 0, 0),
        ([add(3, 4)], WORK, 1 / 2, 0, 0),
        # idle and repeated calls lower it
        ([*WORK, add(5, 5)], WORK, 6 / 7, 0, 1),
        ([add(3, 4)] * 9, [add(3, 4)], 2 / 10, 0, 1),
        # a call that the reference makes twice can be reached twice
        ([add(3, 4)] * 2, [add(3, 4)] * 2, 1, 1, 1),
        # failed calls reach nothing, and are nothing to reach
        ([add(3, 4, failure="timeout")], [add(3, 4)], 0, 1, 1),
        ([add(3, 4)], [add(3, 4), add(1, 1, failure="tool_error")], 1, 0, 1),
        ([add(3.0, 4)], [add(3, 4)], 1, 1, 1),
        ([add(4, 3, key="7")], [add(3, 4, key="7")], 1, 0, 1),
        ([], [add(3, 4)], 0, 0, 0),
        ([], [], 1, 1, 1),
        ([add(3, 4)], [], 0, 0, 0),
    ],
)
def test_scores_by_hand(made, wanted, flexible, sequence, set_):
    for mode, expected in [("flexible", flexible), ("sequence", sequence), ("set", set_)]:
        term = Teacher(mode=mode)
        score = term.score(trajectory_of(made, "77"), TASK, [trajectory_of(wanted, "77")])
        assert score == pytest.approx(expected), mode


def test_the_best_reference_counts():
    other = [multiply(2, 7), multiply(9, 7), add(14, 63)]
    references = [trajectory_of(other), trajectory_of(WORK)]
    assert Teacher().score(trajectory_of(WORK), TASK, references) == 1
    assert Teacher().score(trajectory_of(other), TASK, references) == 1
    assert Teacher().score(trajectory_of(WORK), TASK, []) is None


def test_turns_get_what_they_added():
    student = trajectory_of([add(3, 4), add(6, 6)], [multiply(7, 11)], [add(2, 9)], "77")
    # of three wanted calls: one of two made, one of three, two of four
    added = [2 / 5, 2 / 6 - 2 / 5, 4 / 7 - 2 / 6, 0]
    assert Teacher().score_turns(student, TASK, [trajectory_of(WORK)]) == pytest.approx(added)
    first = trajectory_of([add(3, 4)], [multiply(7, 11)])
    assert Teacher(mode="set").score_turns(first, TASK, [trajectory_of(WORK)]) == [0, 1]


@given(episodes())
def test_a_reference_played_again_without_failures_scores_one(example):
    for reference in example.references:
        for turn in reference.turns:
            turn.calls = [call for call in turn.calls if call.failure is None]
        assert Teacher().score(reference, example.task, [reference]) == 1


@given(episodes())
def test_a_further_call_that_reaches_nothing_lowers_a_positive_score(example):
    before = Teacher().score(example.trajectory, example.task, example.references)
    if before and example.trajectory.turns:
        example.trajectory.turns[-1].calls.append(Call("elsewhere", {}))
        assert Teacher().score(example.trajectory, example.task, example.references) < before


@st.composite
def work(draw):
    """Calls, each of which may use results of earlier ones, and which ones each uses."""
    calls, uses = [], []
    for index in range(draw(st.integers(1, 6))):
        sources = draw(st.sets(st.integers(0, index - 1), max_size=2)) if index else set()
        arguments = {f"r{source}": 1000 + source for source in sources} | {"own": 10 + index}
        name = draw(st.sampled_from(("add", "multiply")))
        calls.append(Call(name, arguments, str(1000 + index), key=f"call {index}"))
        uses.append(sources)
    return calls, uses


def too_early(order, uses):
    """Calls that come before one whose result they use, or than one that comes too early."""
    done, early = set(), set()
    for index in order:
        (done if uses[index] <= done else early).add(index)
    return early


@given(work(), st.randoms())
def test_any_admissible_order_scores_one_and_any_other_less(given_work, random):
    calls, uses = given_work
    order = list(range(len(calls)))
    random.shuffle(order)
    score = Teacher().score(trajectory_of([calls[i] for i in order]), TASK, [trajectory_of(calls)])
    early = too_early(order, uses)
    assert score == pytest.approx(1 - len(early) / len(calls))


@given(work(), st.randoms())
def test_an_order_drawn_call_by_call_from_what_can_be_made_scores_one(given_work, random):
    calls, uses = given_work
    order, turns = [], []
    while len(order) < len(calls):
        ready = [i for i in range(len(calls)) if i not in order and uses[i] <= set(order)]
        order.append(random.choice(ready))
        turns.append([calls[order[-1]]])
    assert Teacher().score(trajectory_of(*turns, "77"), TASK, [trajectory_of(calls)]) == 1
    added = Teacher().score_turns(trajectory_of(*turns), TASK, [trajectory_of(calls)])
    assert all(gain > 0 for gain in added)


@given(work(), st.randoms())
def test_calls_that_the_environment_declares_equal_count_as_equal(given_work, random):
    """Other names and arguments, as of a commuted or an equivalent call, under the same keys."""
    calls, _ = given_work
    others = [Call("other", {"x": -index}, c.result, key=c.key) for index, c in enumerate(calls)]
    mixed = [random.choice(pair) for pair in zip(calls, others, strict=True)]
    assert Teacher().score(trajectory_of(mixed), TASK, [trajectory_of(calls)]) == 1


@given(work(), work())
def test_of_several_references_the_best_counts(one, other):
    references = [trajectory_of(one[0]), trajectory_of(other[0])]
    student = trajectory_of(one[0][:-1], "77")
    scores = [Teacher().score(student, TASK, [reference]) for reference in references]
    assert Teacher().score(student, TASK, references) == max(scores)


@given(work(), st.data())
def test_a_call_left_out_costs_itself_and_all_that_use_it(given_work, data):
    calls, uses = given_work
    assume(len(calls) > 1)
    left_out = data.draw(st.integers(0, len(calls) - 1))
    order = [i for i in range(len(calls)) if i != left_out]
    reached = len(order) - len(too_early(order, uses))
    score = Teacher().score(trajectory_of([calls[i] for i in order]), TASK, [trajectory_of(calls)])
    assert score == pytest.approx(2 * reached / (len(calls) + len(order)))
