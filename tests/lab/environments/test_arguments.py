"""Arguments that fit a schema are accepted; adversarial ones meet every parameter."""

import datetime as dt
import json
import random
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mentor_core.tools.tool import Tool
from mentor_lab.environments.arguments import ADVERSARIAL, Filler, adversarial_arguments
from mentor_lab.testing import tools

SCHEMAS = (
    {"type": "string", "enum": ["a", "b"]},
    {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    {"type": ["number", "null"]},
    {"type": "array", "items": {"$ref": "#/$defs/point"}, "minItems": 2},
    {"$ref": "#/$defs/point"},
    {"const": 7},
    {"type": "boolean"},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}], "minItems": 2},
    {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    {"type": "array", "maxItems": 0},
    {"type": "integer", "minimum": 5, "maximum": 9},
    {"type": "string", "pattern": "^[a-c]+$"},
    {"type": "string", "minLength": 7, "maxLength": 8},
    {"type": "object", "additionalProperties": {"type": "string"}},
)
POINT = {
    "type": "object",
    "properties": {"x": {"type": "number"}, "label": {"type": "string"}},
    "required": ["x"],
}


def filler(seed):
    return Filler(random.Random(seed), ["word"], [1.0, 3.0])


@given(tools(), st.integers(0, 99))
def test_a_tool_takes_the_arguments_that_are_made_for_it(tool, seed):
    tool.validate(filler(seed).arguments(tool.parameters))


@pytest.mark.parametrize("kind", [dt.date, dt.datetime, dt.time, dt.timedelta, UUID, Decimal])
def test_a_tool_takes_the_texts_that_are_made_for_a_format(kind):
    # Otherwise its tools would be probed with calls that they all refuse.
    def tool(value):
        return value

    tool.__annotations__ = {"value": kind}
    made = filler(0).arguments(Tool(tool).parameters)
    assert isinstance(Tool(tool).call(made), kind)


@given(st.lists(st.sampled_from(SCHEMAS), max_size=4), st.integers(0, 99))
def test_arguments_fit_schemas_of_all_kinds(schemas, seed):
    properties = {f"p{n}": schema for n, schema in enumerate(schemas)}
    parameters = {"type": "object", "properties": properties, "required": [*properties]}
    parameters["$defs"] = {"point": POINT}
    made = filler(seed).arguments(parameters)
    Draft202012Validator(parameters).validate(made)
    assert made.keys() == properties.keys()


def test_a_schema_that_refers_to_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    parameters = {**node, "$defs": {"node": node}}
    for seed in range(20):
        assert len(json.dumps(filler(seed).arguments(parameters))) < 200


@given(tools())
def test_every_parameter_meets_every_hostile_value(tool):
    made = list(adversarial_arguments(tool.parameters, filler(0)))
    for name in tool.parameters["properties"]:
        values = [json.dumps(arguments[name]) for arguments in made if name in arguments]
        assert {json.dumps(value) for value in ADVERSARIAL} <= set(values)
        assert any(name not in arguments for arguments in made)
