from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.tools.tool import Tool
from mentor_lab.testing import json_values
from mentor_plugins.rewards.matching import similarity
from mentor_plugins.rewards.schemas import acceptable_similarity, alike, normalise, parameters_of

TEXT, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}
KIND = {"type": "string", "enum": ["Red", "red"]}


def object_(**properties):
    return {"type": "object", "properties": properties}


def of_format(name):
    return {"type": "string", "format": name}


def decimal(value: Decimal) -> Decimal:
    return value


DECIMAL = Tool(decimal).parameters["properties"]["value"]


@pytest.mark.parametrize(
    ("left", "right", "schema", "expected"),
    [
        # numbers within the tolerance, integers exactly
        (1.0, 1.0 + 1e-9, NUMBER, 1),
        (2, 2.0, NUMBER, 1),
        (10**9, 10**9 + 1, {}, 1),
        (10**9, 10**9 + 1, INTEGER, 0),
        (2, 2.0, INTEGER, 1),
        (True, 1, INTEGER, 0),
        ("2", 2, INTEGER, 0),
        # strings normalised, where they are not one of a list
        ("Red  shoes", "red shoes ", TEXT, 1),
        ("red shoes", "red shoe", TEXT, 0),
        ("Red", "red", {}, 0),
        ("Red", "red", KIND, 0),
        ("red", "red", KIND, 1),
        # lists place by place, objects key by key, after the schemas inside
        (["A", "b"], ["a", "c"], {"type": "array", "items": TEXT}, 1 / 2),
        (["b", "a"], ["a", "b"], {"type": "array", "items": TEXT}, 0),
        ([1], [], {"type": "array", "items": INTEGER}, 0),
        ([], [], {"type": "array", "items": INTEGER}, 1),
        ({"q": {"t": "A"}}, {"q": {"t": "a"}}, object_(q=object_(t=TEXT)), 1),
        ({"a": "X", "b": 1}, {"a": "x", "b": 2}, object_(a=TEXT, b=INTEGER), 1 / 2),
        # what is left out is its default, where it has one
        ({"a": 1}, {"a": 1, "unit": "m"}, object_(unit={"type": "string", "default": "m"}), 1),
        ({"a": 1}, {"a": 1, "unit": "km"}, object_(unit={"type": "string", "default": "m"}), 1 / 2),
        ({"a": 1}, {"a": 1, "unit": "m"}, object_(unit=TEXT), 2 / 3),
        ({}, {}, object_(a=TEXT), 1),
        # one of several schemas, also by reference
        ("A", "a", {"anyOf": [TEXT, {"type": "null"}]}, 1),
        ("A", "a", {"type": ["string", "null"]}, 1),
        (None, None, {"anyOf": [TEXT, {"type": "null"}]}, 1),
        ({"x": "A"}, {"x": "a"}, {"$ref": "#/$defs/P", "$defs": {"P": object_(x=TEXT)}}, 1),
        (1, 1, {"$ref": "#/$defs/P", "$defs": {"P": {"$ref": "#/$defs/P"}}}, 1),
        # what tools take as other Python types: sets, tuples, dates, decimals, dicts
        ([1, 2], [2.0, 1], {"type": "array", "items": INTEGER, "uniqueItems": True}, 1),
        (["A", "b"], ["b", "c"], {"type": "array", "items": TEXT, "uniqueItems": True}, 1 / 2),
        (["A", 1], ["a", 2], {"type": "array", "prefixItems": [TEXT, INTEGER]}, 1 / 2),
        ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00+01:00", of_format("date-time"), 1),
        ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", of_format("date-time"), 0),
        ("PT60S", "PT1M", of_format("duration"), 1),
        ("PT60S", "a minute", of_format("duration"), 0),
        ("A minute", "a minute", of_format("duration"), 1),
        ("1.50", 1.5, DECIMAL, 1),
        ("1.50", "1.5", DECIMAL, 1),
        ("1.51", 1.5, DECIMAL, 0),
        ("1.50", 1.5, {"anyOf": [NUMBER, TEXT]}, 0),
        ({"1": "A"}, {"1": "a"}, {"type": "object", "additionalProperties": TEXT}, 1),
    ],
)
def test_alike_by_hand(left, right, schema, expected):
    assert alike(left, right, schema, 1e-6) == pytest.approx(expected)
    assert alike(right, left, schema, 1e-6) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("arguments", "acceptable", "expected"),
    [
        ({"city": "Oslo"}, {"city": ["Oslo", "Bergen"]}, 1),
        ({"city": "bergen"}, {"city": ["Oslo", "Bergen"]}, 1),
        ({"city": "Rome"}, {"city": ["Oslo"]}, 0),
        ({"city": "Oslo"}, {"city": ["Oslo"], "nights": [2, ""]}, 1),
        ({"city": "Oslo", "nights": 2}, {"city": ["Oslo"], "nights": [2, ""]}, 1),
        ({"city": "Oslo", "nights": 3}, {"city": ["Oslo"], "nights": [2, ""]}, 1 / 2),
        ({"city": "Oslo"}, {"city": ["Oslo"], "nights": [2]}, 2 / 3),
        # the default is as good as given
        ({"city": "Oslo"}, {"city": ["Oslo"], "unit": ["C"]}, 1),
        ({"city": "Oslo"}, {"city": ["Oslo"], "unit": ["F"]}, 2 / 3),
        ({"city": "Oslo", "x": 1}, {"city": ["Oslo"]}, 2 / 3),
        # objects inside hold lists of acceptable values
        ({"guest": {"name": "ann"}}, {"guest": [{"name": ["ann", "anna"]}]}, 1),
        ({"guest": {"name": "x", "age": 3}}, {"guest": [{"name": ["ann"], "age": [3]}]}, 1 / 2),
        ({"guests": [{"a": 1}, {"a": 2}]}, {"guests": [[{"a": [1]}, {"a": [3]}]]}, 1 / 2),
        ({}, {}, 1),
        ({}, {"nights": [""]}, 1),
    ],
)
def test_acceptable_values_by_hand(arguments, acceptable, expected):
    schema = object_(city=TEXT, nights=INTEGER, unit={"type": "string", "default": "C"})
    assert acceptable_similarity(arguments, acceptable, schema, 1e-6) == pytest.approx(expected)


SCHEMAS = st.sampled_from(
    [
        *(TEXT, NUMBER, INTEGER, KIND, {}),
        {"type": "array", "items": TEXT},
        {"anyOf": [TEXT, NUMBER]},
        object_(a=TEXT, b=NUMBER),
        object_(a={"type": "array", "items": INTEGER, "default": [7]}),
    ]
)


@given(json_values(), json_values(), SCHEMAS)
def test_alike_is_symmetric_bounded_and_one_with_itself(left, right, schema):
    assert 0 <= alike(left, right, schema, 1e-6) <= 1
    assert alike(left, right, schema, 1e-6) == pytest.approx(alike(right, left, schema, 1e-6))
    assert alike(left, left, schema, 1e-6) == 1


@given(json_values(), json_values())
def test_without_a_schema_it_is_similarity(left, right):
    assert alike(left, right, {}, 1e-6) == similarity(left, right, 1e-6)


def test_schemas_are_found_by_name_in_both_forms():
    def forecast(city: str, days: int = 3) -> str:
        """The weather."""
        return city + str(days)

    schema = Tool(forecast).schema
    for functions in ([schema], [schema["function"]]):
        found = parameters_of(functions, "forecast")
        assert alike({"city": "OSLO"}, {"city": "Oslo", "days": 3}, found, 0.0) == 1
        assert parameters_of(functions, "other") == {}


def test_normalise():
    assert normalise(" ＡＢ\n straße ") == normalise("ab STRASSE") == "ab strasse"
