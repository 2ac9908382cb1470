"""Tool: a typed function becomes a schema, validation, and refusals that explain themselves."""

from __future__ import annotations

import asyncio
import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.errors import PluginError
from mentor_core.tool import Tool, ToolError, render_result


def area(width: float, height: float = 1.0, unit: Literal["m", "cm"] = "m") -> str:
    """Area of a
    rectangle.

    More that the policy need not read.

    Args:
        width: how wide it is
        height (float): how high it is
    """
    if width < 0:
        raise ValueError("width must not be negative")
    return f"{width * height:g} {unit}2"


async def slow(x: int) -> int:
    """Wait."""
    await asyncio.sleep(0)
    return [10, 20][x]


def test_the_schema_says_what_the_function_says():
    # The policy would not know how to call it.
    schema = Tool(area).schema["function"]
    assert schema["name"] == "area"
    assert schema["description"] == "Area of a rectangle."
    properties = schema["parameters"]["properties"]
    assert properties["width"] == {"type": "number", "description": "how wide it is"}
    assert properties["height"]["description"] == "how high it is"
    assert properties["unit"]["enum"] == ["m", "cm"]
    assert schema["parameters"]["required"] == ["width"]
    json.dumps(schema)


def test_arguments_reach_the_function_with_defaults():
    assert Tool(area).call({"width": 3}) == "3 m2"
    assert Tool(area).validate({"width": 3}) == {"width": 3.0, "height": 1.0, "unit": "m"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "argument 'width' is missing"),
        ({"width": 1, "widht": 2}, "unknown argument 'widht'; did you mean width"),
        ({"width": "3"}, "argument 'width'"),
        ({"width": True}, "argument 'width'"),
        ({"width": None}, "argument 'width'"),
        ({"width": 1, "unit": "km"}, "argument 'unit'"),
        ({"width": -1}, "width must not be negative"),
    ],
)
def test_a_bad_call_is_explained(arguments, expected):
    # The policy reads this and tries again: it must say which argument, and why.
    with pytest.raises(ToolError, match=expected):
        Tool(area).call(arguments)


def test_an_async_function_is_awaited_and_may_refuse():
    tool = Tool(slow)
    assert tool.is_async
    assert asyncio.run(tool.call({"x": 1})) == 20
    with pytest.raises(ToolError, match="index out of range"):
        asyncio.run(tool.call({"x": 5}))


def test_a_refusal_without_a_message_still_says_something():
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ToolError, match="ZeroDivisionError"):
        Tool(fail).call({})


def test_a_bug_in_a_tool_is_not_taken_for_a_refusal():
    # The author would never see it.
    def fail() -> None:
        raise TypeError("a bug")

    with pytest.raises(TypeError):
        Tool(fail).call({})


def untyped(x):
    return x


def variadic(*x: int) -> int:
    return len(x)


def positional(x: int, /) -> int:
    return x


@pytest.mark.parametrize(
    ("function", "expected"),
    [(untyped, "'x' has no type"), (variadic, "by name"), (positional, "by name")],
)
def test_a_function_that_cannot_be_a_tool_is_refused_at_once(function, expected):
    # Otherwise the first call in a rollout would find out.
    with pytest.raises(PluginError, match=expected):
        Tool(function)


def test_name_and_description_can_be_given():
    tool = Tool(area, name="surface", description="How large.")
    assert (tool.name, tool.description) == ("surface", "How large.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (3.0, "3"),
        (-0.5, "-0.5"),
        (1e300, "1e+300"),
        (None, "null"),
        ([1, "é"], '[1, "é"]'),
        ({"a": True}, '{"a": true}'),
    ],
)
def test_results_are_shown_plainly(value, expected):
    assert render_result(value) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["width", "height", "unit", "x"]) | st.text(), json_values))
def test_arguments_of_any_kind_are_validated_or_explained(arguments):
    # Arguments come from a model: whatever they are, the rollout goes on.
    try:
        Tool(area).validate(arguments)
    except ToolError as error:
        assert str(error).startswith("area: ")
