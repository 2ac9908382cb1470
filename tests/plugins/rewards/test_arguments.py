import pytest

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_lab.testing import trajectory_of
from mentor_plugins.rewards.arguments import Arguments

TASK = Task("task-1", "tests", "?")


def add(a, b, **fields):
    return Call("add", {"a": a, "b": b}, **fields)


def search(query):
    return Call("search", {"query": query})


@pytest.mark.parametrize(
    ("made", "wanted", "expected"),
    [
        ([add(1, 2)], [add(1, 2)], 1),
        ([add(1.0, 2)], [add(1, 2.0)], 1),
        ([add(1, 3)], [add(1, 2)], 1 / 2),
        ([add(3, 4)], [add(1, 2)], 0),
        ([search("x")], [add(1, 2)], 0),
        ([], [add(1, 2)], 0),
        ([add(1, 2)], [], None),
        # any order, the best pairs: (1, 2) with (1, 2), (5, 6) with (5, 7)
        ([add(5, 6), add(1, 2)], [add(1, 2), add(5, 7)], 3 / 4),
        # the greedy choice for the first call would leave the second with nothing
        ([add(1, 2), add(1, 9)], [add(1, 2), add(8, 2)], 1 / 2),
        # more calls than the teacher only lower it
        ([add(1, 2)] * 4, [add(1, 2)], 1 / 4),
        ([add(1, 2)], [add(1, 2), search("x")], 1 / 2),
        # failed calls are worth nothing, and are nothing to follow
        ([add(1, 2, failure="tool_error")], [add(1, 2)], 0),
        ([add(1, 2)], [add(1, 2), add("x", 2, failure="bad_arguments")], 1),
        # what the environment calls the same is the same
        ([add(2, 1, key="add:1,2")], [add(1, 2, key="add:1,2")], 1),
        ([Call("sum", {"numbers": [1, 2]}, key="k")], [add(1, 2, key="k")], 1),
        ([add(2, 1)], [add(1, 2)], 0),
        ([Call("now", {})], [Call("now", {})], 1),
    ],
)
def test_scores_by_hand(made, wanted, expected):
    score = Arguments().score(trajectory_of(made, "3"), TASK, [trajectory_of(wanted, "3")])
    assert score == (None if expected is None else pytest.approx(expected))


def test_the_best_reference_counts_also_for_the_turns():
    student = trajectory_of([add(1, 2)], [add(5, 6), search("x")], "3")
    near = trajectory_of([add(1, 2), add(5, 7)])
    far = trajectory_of([search("y")])
    assert Arguments().score(student, TASK, [far, near]) == pytest.approx(1.5 / 3)
    added = [1 / 2, 1.5 / 3 - 1 / 2, 0]
    assert Arguments().score_turns(student, TASK, [far, near]) == pytest.approx(added)


def test_the_tolerance_is_relative():
    student, teacher = trajectory_of([add(100, 2)]), trajectory_of([add(101, 2)])
    assert Arguments(tolerance=0.02).score(student, TASK, [teacher]) == 1
    assert Arguments(tolerance=0.005).score(student, TASK, [teacher]) == 0.5


GOLD = Task(
    "task-1",
    "tests",
    "?",
    metadata={
        "calls": [
            {"name": "add", "acceptable": {"a": [1, 2], "b": [5], "round": [0, ""]}},
            {"name": "search", "arguments": {"query": "red shoes"}},
        ],
        "functions": [
            {
                "name": "add",
                "parameters": {
                    "properties": {k: {"type": "integer"} for k in ("a", "b", "round")},
                    "required": ["a", "b"],
                },
            },
            {"name": "search", "parameters": {"properties": {"query": {"type": "string"}}}},
        ],
    },
)
IDLE = Task("task-1", "tests", "?", metadata={"calls": [], "functions": [{"name": "add"}]})


@pytest.mark.parametrize(
    ("task", "made", "graded", "strict"),
    [
        (GOLD, [add(2, 5), search("red shoes")], 1, 1),
        (GOLD, [search("Red Shoes"), add(1, 5, failure=None)], 1, 1),
        (GOLD, [search("red-shoes"), add(1, 5)], 1 / 2, 1),
        (GOLD, [add(3, 5), search("red shoes")], 3 / 4, 0),
        (GOLD, [add(2, 5)], 1 / 2, 0),
        (GOLD, [], 0, 0),
        (IDLE, [], 1, 1),
        (IDLE, [add(1, 2)], 0, 0),
        (TASK, [add(1, 2)], None, None),
    ],
)
def test_gold_calls_by_hand(task, made, graded, strict):
    student = trajectory_of(made, "3")
    for mode, expected in [("graded", graded), ("strict", strict)]:
        term = Arguments(against="gold", mode=mode)
        assert term.score(student, task, []) == expected, mode
    assert Arguments(against="gold").needs == {"gold"}
    assert Arguments(mode="strict").needs == {"reference", "schemas"}
    assert Arguments().needs == {"reference"}


def test_strict_against_a_reference_takes_its_values_only():
    task = Task("task-1", "tests", "?", metadata={"functions": GOLD.metadata["functions"]})
    reference = trajectory_of([add(1, 5), search("red shoes")])
    strict = Arguments(mode="strict")
    assert strict.score(trajectory_of([search("RED shoes"), add(1, 5)]), task, [reference]) == 1
    assert strict.score(trajectory_of([search("red shoes"), add(2, 5)]), task, [reference]) == 0
    assert strict.score(trajectory_of([add(1, 5)]), TASK, [reference]) is None
    assert strict.score(trajectory_of([add(1, 5)]), task, []) is None
    student = trajectory_of([search("red shoes")], [add(1, 5)], [add(1, 5)])
    assert strict.score_turns(student, task, [reference]) == [0, 1, -1]


def test_strict_fails_what_cannot_be_parsed():
    turns = [Turn("<tool_call>{", parse_failure="malformed_call"), Turn("no")]
    student = trajectory_of(turns=turns)
    assert Arguments(mode="strict", against="gold").score(student, IDLE, []) == 0


def test_values_are_compared_after_the_schema_where_the_task_has_it():
    schema = {"properties": {"query": {"type": "string"}, "n": {"default": 3}}}
    functions = [{"name": "search", "parameters": schema}]
    task = Task("task-1", "tests", "?", metadata={"functions": functions})
    reference = trajectory_of([Call("search", {"query": "Red shoes", "n": 3})])
    student = trajectory_of([search("red  shoes")])
    assert Arguments().score(student, task, [reference]) == 1
    assert Arguments().score(student, TASK, [reference]) == 0


@pytest.mark.parametrize("calls", ["add", [1], [{"name": "add"}], [{"name": 1, "arguments": {}}]])
def test_gold_calls_that_are_none_are_an_error(calls):
    task = Task("task-1", "tests", "?", metadata={"calls": calls})
    with pytest.raises(ValueError, match="metadata 'calls' of task 'task-1'"):
        Arguments(against="gold").score(trajectory_of([add(1, 2)]), task, [])


def test_strict_explains_what_is_not_right():
    student = trajectory_of([add(1, 5), search("blue shoes")])
    lines = Arguments(mode="strict", against="gold").explain(student, GOLD, [])
    assert lines[0] == "0"
    assert "'blue shoes' is not one of ['red shoes']" in lines[-1]
