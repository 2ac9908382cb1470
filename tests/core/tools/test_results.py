"""Results: what a tool returns is JSON, or the policy is told that it is not."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mentor_core.tools.results import render_result


class Colour(enum.Enum):
    RED = "red"


class Kind(str, enum.Enum):  # noqa: UP042 - as users still write it
    A = "a"


class Model(BaseModel):
    number: int = 1
    cost: Decimal = Decimal("1.50")


@dataclass
class Point:
    x: int
    tags: frozenset[str] = frozenset("cab")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (np.str_("text"), "text"),
        (Kind.A, "a"),
        (Colour.RED, '"red"'),
        (np.int64(5), "5"),
        (np.float32(2.5), "2.5"),
        (np.float64(3.0), "3"),
        (np.bool_(True), "true"),
        (np.array([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        ({"a": np.arange(2), np.int64(3): None}, '{"a": [0, 1], "3": null}'),
        (Model(), '{"number": 1, "cost": "1.50"}'),
        (Point(1), '{"x": 1, "tags": ["a", "b", "c"]}'),
        ([Point(1)], '[{"x": 1, "tags": ["a", "b", "c"]}]'),
        ({3, 1, 2}, "[1, 2, 3]"),
        ({(2, "b"), (1, "a")}, '[[1, "a"], [2, "b"]]'),
        ({1, "a"}, '["a", 1]'),
        (dt.date(2026, 3, 1), '"2026-03-01"'),
        ({dt.date(2026, 3, 1): dt.timedelta(minutes=1)}, '{"2026-03-01": "PT1M"}'),
        (dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC), '"2026-03-01T09:00:00Z"'),
        (Decimal("1.50"), '"1.50"'),
        ([UUID(int=1), Path("a")], '["00000000-0000-0000-0000-000000000001", "a"]'),
        (collections.deque([1]), "[1]"),
        (range(3), "[0, 1, 2]"),
        ((n for n in (1, 2)), "[1, 2]"),
        ({"a": 1}.keys(), '["a"]'),
        ({True: 1, None: 2, 1.5: 3}, '{"true": 1, "null": 2, "1.5": 3}'),
        (float("nan"), '"NaN"'),
        ([float("-inf")], '["-Infinity"]'),
        (b"caf\xc3\xa9", '"café"'),
    ],
)
def test_results_are_json(value, expected):
    # repr's of numpy and of classes teach a policy to write them.
    assert render_result(value) == expected


@pytest.mark.parametrize("value", [object(), [object()], {"a": Point}, b"\xff", ValueError("x")])
def test_what_is_not_json_says_so(value):
    # `<object object at 0x7f…>` is another text in every run.
    with pytest.raises(TypeError, match="the result is not JSON: it is, or holds, something of"):
        render_result(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates()
        | st.decimals() | st.uuids() | st.sampled_from([np.int8(1), np.float16(0.5), Colour.RED]),
        lambda inner: st.lists(inner) | st.tuples(inner)
        | st.dictionaries(st.text() | st.integers() | st.dates(), inner),
        max_leaves=8,
    )
)  # fmt: skip
def test_any_mix_of_these_is_json(value):
    found = render_result([value])
    assert len(json.loads(found, parse_constant=pytest.fail)) == 1
