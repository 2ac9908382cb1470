"""The twelve tools: right, clean, and never hanging."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.tools.tool import Tool, ToolError
from mentor_envs.calculator.tools import FUNCTIONS

tools = {name: Tool(function) for name, function in FUNCTIONS.items()}


def test_they_are_the_twelve_of_the_paper():
    # Comparisons with the paper's tool distributions would not hold.
    names = "add subtract multiply divide sum_numbers floor ceil round_number power sqrt"
    assert " ".join(tools) == f"{names} abs_value modulo"


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("add", {"a": 0.1, "b": 0.2}, 0.3),
        ("subtract", {"a": 1000.3, "b": 1000.2}, 0.1),
        ("subtract", {"a": 5, "b": 12}, -7),
        ("multiply", {"a": 1.1, "b": 1.1}, 1.21),
        ("multiply", {"a": 99999999, "b": 1001}, 100099998999),
        ("divide", {"a": 1, "b": 3}, 0.333333333333),
        ("divide", {"a": 0.3, "b": 0.1}, 3),
        ("sum_numbers", {"numbers": [0.1] * 10}, 1),
        ("sum_numbers", {"numbers": []}, 0),
        ("floor", {"x": -2.5}, -3),
        ("ceil", {"x": 2.1}, 3),
        ("round_number", {"x": 2.5}, 3),
        ("round_number", {"x": -2.5}, -3),
        ("round_number", {"x": 2.675, "digits": 2}, 2.68),
        ("round_number", {"x": 44, "digits": -1}, 40),
        ("power", {"base": 2, "exponent": 10}, 1024),
        ("power", {"base": 1.1, "exponent": 2}, 1.21),
        ("power", {"base": 4, "exponent": 0.5}, 2),
        ("power", {"base": -2, "exponent": 3}, -8),
        ("sqrt", {"x": 49}, 7),
        ("abs_value", {"x": -7}, 7),
        ("modulo", {"a": 17, "b": 5}, 2),
        ("modulo", {"a": -17, "b": 5}, 3),
        ("modulo", {"a": 0.3, "b": 0.1}, 0),
    ],
)
def test_results_are_those_of_school(name, arguments, expected):
    # Binary noise (0.30000000000000004) is many tokens for a small model to copy.
    assert tools[name].call(arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("divide", {"a": 1, "b": 0}, "cannot divide 1 by zero"),
        ("modulo", {"a": 1, "b": 0}, "cannot divide 1 by zero"),
        ("sqrt", {"x": -4}, "negative number"),
        ("power", {"base": 0, "exponent": -1}, "0 has no negative power"),
        ("power", {"base": -8, "exponent": 0.5}, "whole exponent"),
        ("power", {"base": 9, "exponent": 99999999999}, "too large"),
        ("multiply", {"a": 1e200, "b": 1e200}, "too large"),
        ("divide", {"a": 1e300, "b": 1e-300}, "too large"),
        ("round_number", {"x": 1, "digits": 999999999}, "digits must be from"),
        ("add", {"a": float("inf"), "b": 1}, "finite"),
        ("abs_value", {"x": float("nan")}, "finite"),
        ("add", {"a": 10**400, "b": 1}, "argument 'a'"),
        ("add", {"a": "1", "b": 1}, "argument 'a'"),
        ("add", {"x": 1, "y": 1}, "'a' is missing"),
        ("sum_numbers", {"numbers": 3}, "argument 'numbers'"),
    ],
)
def test_what_has_no_result_is_refused_with_a_reason(name, arguments, expected):
    # The policy reads the reason; inf or nan would spoil every later call.
    with pytest.raises(ToolError, match=expected):
        tools[name].call(arguments)


floats = st.floats(allow_nan=False, allow_infinity=False)


@given(st.sampled_from(["add", "subtract", "multiply", "divide", "modulo"]), floats, floats)
def test_any_two_numbers_give_a_finite_result_or_a_refusal(name, a, b):
    try:
        assert abs(tools[name].call({"a": a, "b": b})) < float("inf")
    except ToolError as error:
        assert str(error)


@given(floats, floats)
def test_no_power_takes_long(base, exponent):
    # 9**9**9 in whole numbers would stop the machine.
    started = time.perf_counter()
    try:
        tools["power"].call({"base": base, "exponent": exponent})
    except ToolError as error:
        assert str(error)
    assert time.perf_counter() - started < 0.5


@given(st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7).filter(bool))
def test_whole_numbers_are_exact(a, b):
    assert tools["add"].call({"a": a, "b": b}) == a + b
    assert tools["multiply"].call({"a": a, "b": b}) == a * b
    assert tools["modulo"].call({"a": a, "b": b}) == a % b
