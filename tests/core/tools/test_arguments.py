"""Arguments: whatever fits the published schema is taken, and becomes what was annotated."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import ipaddress
import json
import pathlib
import sys
import typing
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, make_dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Union

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from mentor_core.support.errors import PluginError
from mentor_core.tools.tool import Tool, ToolError

sys.path.append(str(pathlib.Path(__file__).parent))
from schema_values import values


class Colour(enum.Enum):
    RED = "RED"
    BLUE = "blue"
    CRIMSON = "RED"  # noqa: PIE796 - an alias


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Share(enum.Enum):
    HALF = 0.5
    WHOLE = 1.0


@dataclass
class Point:
    x: int
    day: dt.date | None = None
    tags: set[str] = field(default_factory=set)
    made: int = field(default=0, init=False)  # no argument


@dataclass(frozen=True)
class Fixed:
    side: Decimal


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)


class Pair(NamedTuple):
    left: int
    right: Colour = Colour.RED


class Row(TypedDict):
    when: dt.datetime


class Model(BaseModel):
    cost: Decimal
    at: tuple[int, dt.time]


HASHABLE = [
    int, float, str, bool, None, dt.date, dt.datetime, dt.time, dt.timedelta, Decimal, uuid.UUID,
    pathlib.Path, bytes, Colour, Level, Share, Fixed, ipaddress.IPv4Address,
    Literal["a", 1, None], Literal["A"], Literal[True, 0], Pair,
    Annotated[int, Field(ge=0, le=9)], Annotated[Decimal, Field(ge=0)],
    Annotated[Decimal, Field(max_digits=4, decimal_places=2)],
    Annotated[Decimal, Field(max_digits=2, decimal_places=2)],
    Annotated[Decimal, Field(max_digits=3)], Annotated[Decimal, Field(decimal_places=1)],
    Annotated[str, Field(pattern="^[a-c]+$", description="of a, b and c")],
    Annotated[str, Field(min_length=1, max_length=3)],
]  # fmt: skip
KEYS = [
    str, int, float, bool, dt.date, dt.datetime, dt.time, dt.timedelta, Decimal, uuid.UUID,
    pathlib.Path, bytes, Colour, Level, Literal["a", "b"], Any, int | dt.date,
    Annotated[str, Field(pattern="^[a-c]+$")],
]  # fmt: skip
OTHER = [
    Any, object, list, dict, set, frozenset, set[Any], tuple, tuple[()], Point, Tree, Row, Model,
    Sequence[int], Mapping[str, int], collections.deque[int], collections.Counter[str],
]  # fmt: skip
hashable = st.recursive(
    st.sampled_from(HASHABLE),
    lambda inner: st.one_of(
        inner.map(lambda t: tuple[t, ...]),
        st.tuples(inner, inner).map(lambda ts: tuple[ts]),
        inner.map(lambda t: frozenset[t]),
        inner.map(lambda t: Union[t, None]),  # noqa: UP007
        st.tuples(inner, inner).map(lambda ts: Union[ts]),  # noqa: UP007
    ),
    max_leaves=3,
)
annotations = st.recursive(
    hashable | st.sampled_from(OTHER),
    lambda inner: st.one_of(
        hashable.map(lambda t: set[t]),
        inner.map(lambda t: list[t]),
        st.tuples(st.sampled_from(KEYS), inner).map(lambda ts: dict[ts]),
        st.tuples(inner, inner).map(lambda ts: tuple[ts]),
        st.tuples(inner, inner).map(lambda ts: Union[ts]),  # noqa: UP007
        inner.map(lambda t: Union[t, None]),  # noqa: UP007
        inner.map(lambda t: Annotated[t, Field(description="said of it")]),
        st.tuples(inner, inner).map(lambda ts: make_dataclass("Made", zip("xy", ts, strict=True))),
    ),
    max_leaves=4,
)


def tool_of(annotation, **defaults):
    def give_back(value):
        """Give it back."""
        return value

    give_back.__annotations__ = {"value": annotation}
    give_back.__defaults__ = tuple(defaults.values()) or None
    return Tool(give_back)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(annotations, st.data())
def test_whatever_fits_the_schema_is_taken(annotation, data):
    # Every call to such a tool would fail, and a dry run would pass.
    tool = tool_of(annotation)
    schema = tool.parameters
    json.dumps(schema, allow_nan=False)
    Draft202012Validator.check_schema(schema)
    value = data.draw(values(schema["properties"]["value"], schema))
    arguments = {"value": value}
    Draft202012Validator(schema).validate(arguments)
    assert tool.validate(arguments).keys() == {"value"}
    assert tool.validate(json.loads(json.dumps(arguments))).keys() == {"value"}


@pytest.mark.parametrize(
    ("annotation", "sent", "got"),
    [
        (dt.date, "2026-03-01", dt.date(2026, 3, 1)),
        (dt.timedelta, "PT90S", dt.timedelta(seconds=90)),
        (Colour, "blue", Colour.BLUE),
        (Decimal, "1.50", Decimal("1.50")),
        (Decimal, 1.5, Decimal("1.5")),
        (uuid.UUID, "00000000-0000-0000-0000-000000000001", uuid.UUID(int=1)),
        (pathlib.Path, "a/b", pathlib.Path("a/b")),
        (bytes, "é", "é".encode()),
        (tuple[int, str], [1, "a"], (1, "a")),
        (frozenset[int], [1, 2], frozenset({1, 2})),
        (Point, {"x": 1, "day": "2026-03-01"}, Point(1, dt.date(2026, 3, 1))),
        (dict[int, set[str]], {"-3": ["a"]}, {-3: {"a"}}),
        (dict[Level, bool], {"2": True}, {Level.HIGH: True}),
        (int, 3.0, 3),
        (float, 1e300, 1e300),
        (Literal[1, 2], 2.0, 2),
        (list[Point | None], [None, {"x": 2.0}], [None, Point(2)]),
    ],
)
def test_the_function_gets_the_python_value(annotation, sent, got):
    received = tool_of(annotation).call({"value": sent})
    assert received == got
    assert type(received) is type(got)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (dt.date, dt.date(2026, 3, 1)),
        (Colour, Colour.RED),
        (set[int], {1, 2}),
        (Fixed, Fixed(Decimal(1))),
    ],
)
def test_arguments_may_be_python_values(annotation, value):
    # Experts written in Python call with what their own code holds.
    assert tool_of(annotation).call({"value": value}) == value


@pytest.mark.parametrize(
    ("annotation", "sent", "expected"),
    [
        (Colour, "red", "argument 'value': input should be 'RED', 'blue'"),
        (Literal["A", "b"], "a", "argument 'value': input should be 'A' or 'b'"),
        (dt.date, "1 March", r"argument 'value': .* date.*such as 2026-03-01"),
        (dt.timedelta, "90 s", "such as PT1H30M"),
        (int | dt.date, [], "argument 'value': .*integer, or .*date"),
        (Point, {}, "argument 'value.x' is missing"),
        (Point, {"x": 1, "z": 1}, "unknown argument 'value.z'"),
        (list[Point | str], [{"x": "1"}], "'value.0.x': .*integer; argument 'value.0': .*string"),
        (tuple[int, int], [1], "argument 'value.1' is missing"),
        (dict[int, str], {"one": "a"}, "argument 'value.one': .*integer"),
        (float, float("nan"), "argument 'value': input should be a finite number"),
        (str, "\ud800", "arguments are not JSON: .*surrogates"),
        (list[int], ["x"] * 10_000, "and 9995 more"),
        (Literal["A", "b"], "x" * 10_000, "should be"),
    ],
)
def test_what_does_not_fit_is_explained(annotation, sent, expected):
    # A small model learns what is allowed from this line alone; it must stay short.
    with pytest.raises(ToolError, match=expected) as caught:
        tool_of(annotation).call({"value": sent})
    assert len(str(caught.value)) < 1000
    assert "\n" not in str(caught.value)


def test_none_may_be_sent_where_it_is_the_default():
    # The schema shows the default: a policy that sends it is right.
    tool = tool_of(int, value=None)
    assert tool.parameters["properties"]["value"]["default"] is None
    assert tool.call({"value": None}) is None
    assert tool_of(Any, value=None).parameters["properties"]["value"] == {"default": None}


def test_defaults_are_shown_the_same_in_every_process():
    shown = tool_of(set[str], value={"c", "a", "b"}).parameters["properties"]["value"]
    assert shown["default"] == ["a", "b", "c"]
    assert "default" not in tool_of(float, value=float("nan")).parameters["properties"]["value"]


class Plain:
    pass


class Places(enum.Enum):
    HOME = (1, 2)


@pytest.mark.parametrize(
    "annotation",
    [
        Plain, list[Plain], Plain | None, "Nowhere", "int |", Places, enum.Enum, type[int],
        typing.Callable[[], int], typing.Iterable[int], complex, set[list[int]], set[Point],
        frozenset[dict[str, int]], dict[tuple[int, int], str], dict[Point, int], dict[None, int],
        dict[Literal[1], int], Literal[b"x"], typing.ClassVar[int], typing.Never,
        Annotated[str, Field(pattern="(")], typing.Callable | type,
    ],
    ids=str,
)  # fmt: skip
def test_an_annotation_that_no_call_could_keep_is_refused_at_once(annotation):
    # Otherwise each call of the tool would fail, in the middle of a run.
    with pytest.raises(PluginError, match="tool 'give_back': parameter 'value'") as caught:
        tool_of(annotation)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["_q", "model_config", "model_dump", "__x__"])
def test_a_name_that_cannot_be_a_parameter_is_refused_at_once(name):
    scope = {}
    exec(f"def tool({name}: int): pass", scope)
    with pytest.raises(PluginError, match=f"tool 'tool': parameter '{name}'"):
        Tool(scope["tool"])


def test_other_names_are_free():
    def tool(json: int, copy: int, schema: int, self: int) -> int:
        return json + copy + schema + self

    names = ("json", "copy", "schema", "self")
    assert Tool(tool).call(dict.fromkeys(names, 1)) == 4


def test_a_result_of_an_unknown_type_is_refused_at_once():
    def tool(x: int) -> Nowhere:  # noqa: F821
        return x

    with pytest.raises(PluginError, match=r"tool 'tool': the type of its result: .*Nowhere"):
        Tool(tool)
