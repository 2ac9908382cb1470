"""Tool: a typed function becomes a schema, validation, and refusals that explain themselves."""

from __future__ import annotations

import asyncio
import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import PluginError
from mentor_core.tools.tool import Tool, ToolError, render_result


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


PARAMETERS = {
    "type": "object",
    "properties": {
        "width": {"type": "number", "minimum": 0},
        "class": {"enum": ["a", "b"]},
        "box": {
            "type": "object",
            "properties": {"side": {"type": "integer"}},
            "required": ["side"],
        },
    },
    "required": ["width"],
}


def from_schema(function=lambda **arguments: arguments, parameters=PARAMETERS, **fields):
    return Tool.from_schema(function, name="area", parameters=parameters, **fields)


def test_a_schema_is_shown_as_it_is_and_arguments_are_passed_as_they_were_sent():
    # An MCP server fills in its own defaults, and its argument names may be Python's keywords.
    tool = from_schema(description="How large.")
    described = {"name": "area", "description": "How large.", "parameters": PARAMETERS}
    assert tool.schema == {"type": "function", "function": described}
    assert tool.call({"width": 3, "class": "a"}) == {"width": 3, "class": "a"}
    assert repr(tool) == "Tool(area(width, class, box))"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "area: argument 'width' is missing"),
        ({"width": 1, "widht": 2}, "area: unknown argument 'widht'; did you mean width"),
        ({"width": "3"}, "argument 'width': '3' is not of type 'number'"),
        ({"width": True}, "argument 'width': True is not of type 'number'"),
        ({"width": -1}, "argument 'width': -1 is less than the minimum of 0"),
        ({"width": 1, "class": "c"}, "argument 'class': 'c' is not one of"),
        ({"width": 1, "box": {}}, "argument 'box.side' is missing"),
        ({"width": "x" * 9999}, r"argument 'width': \[...\]"),
        ({"class": 0}, "argument 'width' is missing; argument 'class': 0 is|'class': 0 .* missing"),
    ],
)
def test_a_call_that_does_not_fit_a_schema_is_explained(arguments, expected):
    with pytest.raises(ToolError, match=expected) as caught:
        from_schema().call(arguments)
    assert len(str(caught.value)) < 300


def test_a_schema_may_leave_arguments_open():
    for parameters in (
        {"type": "object", "additionalProperties": True},
        {"type": "object", "patternProperties": {"^x": {}}},
        {"type": "object", "$ref": "#/$defs/any", "$defs": {"any": {"type": "object"}}},
    ):
        assert from_schema(parameters=parameters).call({"x": 1}) == {"x": 1}
    with pytest.raises(ToolError, match="unknown argument 'x'"):
        from_schema(parameters={"type": "object"}).call({"x": 1})


def test_a_function_may_check_its_arguments_itself():
    # A benchmark's own functions decide what they take, and a server says better what is wrong.
    assert from_schema(check=False).call({"width": "3", "x": 1}) == {"width": "3", "x": 1}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "the type of its parameters is not object"),
        ({"type": "object", "properties": {"a": {"type": "dict"}}}, "properties.a.type: 'dict'"),
        ({"type": "object", "properties": {"a": {"pattern": "("}}}, "properties.a.pattern: "),
    ],
)
def test_what_is_no_schema_of_arguments_is_refused_at_once(parameters, expected):
    with pytest.raises(PluginError, match=f"tool 'area': {expected}"):
        from_schema(parameters=parameters)


@pytest.mark.parametrize("broken", [{"$ref": "http://localhost:1/a"}, {"$ref": "#/$defs/none"}])
def test_a_schema_that_cannot_be_checked_fails_the_call_and_nothing_else(broken):
    # A server's schema must neither stop a rollout nor make us fetch anything.
    tool = from_schema(parameters={"type": "object", "properties": {"a": broken}})
    with pytest.raises(ToolError, match="area: the arguments cannot be checked"):
        tool.call({"a": "x"})


def test_an_async_function_may_have_a_schema():
    async def give_back(**arguments):
        return arguments

    tool = from_schema(give_back)
    assert tool.is_async
    assert asyncio.run(tool.call({"width": 1})) == {"width": 1}


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


@given(st.dictionaries(st.sampled_from(["width", "class", "box"]) | st.text(), json_values))
def test_arguments_of_any_kind_are_validated_against_a_schema_or_explained(arguments):
    try:
        assert from_schema().call(arguments) == arguments
    except ToolError as error:
        assert str(error).startswith("area: ")
