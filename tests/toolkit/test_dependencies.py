import pytest

from mentor_core.contracts.trajectory import Call
from mentor_toolkit.dependencies import dependencies

ADD = Call("add", {"a": 3, "b": 4}, "7")


@pytest.mark.parametrize(
    ("calls", "prompt", "expected"),
    [
        ([ADD, Call("multiply", {"a": 7, "b": 2}, "14")], "", [[], [{0}]]),
        # a number in the question could have been taken from there
        ([ADD, Call("multiply", {"a": 7, "b": 2})], "Is 3 + 4 = 7?", [[], []]),
        ([Call("subtract", {}, "-7"), Call("abs", {"x": -7})], "Is it 7?", [[], []]),
        # ... which is not to say that a result and its negative are the same
        ([ADD, Call("multiply", {"a": -7, "b": 2})], "1,000 is not it", [[], []]),
        ([Call("add", {}, "1000"), Call("round", {"x": 1000})], "at 1,000.00 now", [[], []]),
        # ... and so could one that an earlier call was given
        ([Call("round", {"x": 7}, "7"), Call("multiply", {"a": 7})], "", [[], []]),
        ([Call("sqrt", {"x": 7}, "2.6"), ADD, Call("multiply", {"a": 7})], "", [[], [], []]),
        # any of the calls that returned it will do
        (
            [ADD, Call("add", {"a": 5, "b": 2}, "7.0"), Call("multiply", {"a": 7})],
            "",
            [[], [], [{0, 1}]],
        ),
        # values that say nothing
        ([Call("add", {"a": 3, "b": -2}, "1"), Call("power", {"a": 5, "b": 1})], "", [[], []]),
        ([Call("check", {}, "true"), Call("go", {"fast": True})], "", [[], []]),
        # inside lists, objects and text
        ([ADD, Call("sum_numbers", {"numbers": [5, 7]})], "", [[], [{0}]]),
        ([Call("search", {}, '[{"id": "B07"}]'), Call("open", {"id": "B07"})], "", [[], [{0}]]),
        ([ADD, Call("open", {"id": "7"})], "", [[], [{0}]]),
        ([Call("name", {}, "red shoes"), Call("find", {"q": "red shoes"})], "", [[], [{0}]]),
        ([Call("name", {}, "red shoes"), Call("find", {"q": "red shoes"})], "red shoes", [[], []]),
        ([], "", []),
    ],
)
def test_dependencies_by_hand(calls, prompt, expected):
    assert dependencies(calls, prompt, 1e-6) == expected
