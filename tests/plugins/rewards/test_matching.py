import pytest
from hypothesis import given

from mentor_core.contracts.trajectory import Call
from mentor_lab.testing import json_values
from mentor_plugins.rewards.matching import same_call, similarity


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (2, 2.0, 1),
        (1.0, 1.0 + 1e-9, 1),
        (1.0, 1.001, 0),
        (10**400, 10**400, 1),
        (10**400, 1.5, 0),
        (True, 1, 0),
        (True, True, 1),
        (None, None, 1),
        (None, 0, 0),
        ("2", 2, 0),
        (" red ", "red", 1),
        ("Red", "red", 0),
        ([], [], 1),
        ([1, 2, 3], [1, 2, 4], 2 / 3),
        ([1, 2], [1, 2, 3, 4], 1 / 2),
        ([1, 2], [2, 1], 0),
        ([1], 1, 0),
        ({}, {}, 1),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, 1),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, 1 / 2),
        ({"a": 1, "b": 2}, {"a": 1}, 2 / 3),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}}, 1 / 2),
    ],
)
def test_similarity_by_hand(left, right, expected):
    assert similarity(left, right, 1e-6) == pytest.approx(expected)
    assert similarity(right, left, 1e-6) == pytest.approx(expected)


@given(json_values(), json_values())
def test_similarity_is_symmetric_bounded_and_one_with_itself(left, right):
    assert 0 <= similarity(left, right, 1e-6) <= 1
    assert similarity(left, right, 1e-6) == pytest.approx(similarity(right, left, 1e-6))
    assert similarity(left, left, 1e-6) == 1


def test_calls_are_the_same_by_their_keys_or_by_their_arguments():
    call = Call("ceil", {"x": 1.6666666667}, key="ceil 1.6666666667")
    assert same_call(call, Call("up", {}, key="ceil 1.6666666667"), 1e-6)
    assert same_call(call, Call("ceil", {"x": 1.66666667}, key="ceil 1.66666667"), 1e-6)
    assert same_call(call, Call("ceil", {"x": 1.6666666667}), 1e-6)
    assert not same_call(call, Call("ceil", {"x": 1.67}, key="ceil 1.67"), 1e-6)
    assert not same_call(call, Call("floor", {"x": 1.6666666667}), 1e-6)
