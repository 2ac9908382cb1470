"""A renamed tool: the same calls under other names, and nothing of the own names to be seen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import PluginError
from mentor_core.tools.renamed import Alias, Renamed, both_ways
from mentor_core.tools.tool import Tool, ToolError

NAMES = st.sampled_from("abcdefg")


def ratio(a: float, b: float, digits: int = 2) -> float:
    """a by b.

    Args:
        a: what is divided.
        b: what divides.
        digits: after the point.
    """
    return round(a / b, digits)


SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "number"}, "b": {"type": "number"}, "digits": {"type": "integer"}},
    "required": ["a", "b"],
}
TOOLS = {
    "typed": Tool(ratio),
    "schema": Tool.from_schema(ratio, name="ratio", parameters=SCHEMA, description="a by b."),
}
ALIAS = Alias("share", "over parts.", {"a": "total", "b": "parts"})


@pytest.fixture(params=TOOLS)
def tool(request):
    return Renamed(TOOLS[request.param], ALIAS)


def test_the_schema_has_the_shown_names_alone(tool):
    function = tool.schema["function"]
    assert (function["name"], function["description"]) == ("share", "over parts.")
    assert list(function["parameters"]["properties"]) == ["total", "parts", "digits"]
    assert function["parameters"]["required"] == ["total", "parts"]
    own = tool.tool.schema["function"]
    for shown, name in (("total", "a"), ("parts", "b")):
        assert function["parameters"]["properties"][shown] == own["parameters"]["properties"][name]
    assert "ratio" not in json.dumps(function)
    assert list(own["parameters"]["properties"]) == ["a", "b", "digits"]  # which is left alone


def test_a_call_by_the_shown_names_is_carried_out(tool):
    assert tool.call({"total": 1, "parts": 8}) == 0.12
    assert tool.call({"total": 1, "parts": 8, "digits": 3}) == 0.125


def test_a_refusal_speaks_of_the_shown_names(tool):
    for arguments, said in (
        ({"total": 1}, r"share: argument 'parts' is missing"),
        ({"total": 1, "parts": 2, "b": 2}, r"share: unknown argument 'b'"),
        ({"total": "x", "parts": 2}, r"share: argument 'total'"),
    ):
        with pytest.raises(ToolError, match=said):
            tool.validate(arguments)


def test_a_tool_that_takes_anything_does_so_under_other_names():
    made = Tool.from_schema(dict, name="any", parameters=SCHEMA, check=False)
    assert Renamed(made, ALIAS).call({"total": "x", "b": 2}) == {"a": "x", "parts": 2}


def test_an_alias_that_does_not_fit_is_refused():
    with pytest.raises(PluginError, match="no parameter 'digit'; did you mean digits"):
        Renamed(TOOLS["typed"], Alias("share", "…", {"digit": "x"}))
    with pytest.raises(PluginError, match="two parameters have one name"):
        Renamed(TOOLS["typed"], Alias("share", "…", {"a": "b"}))


@given(st.lists(NAMES, unique=True), st.data())
def test_names_are_exchanged_one_to_one(own, data):
    """Else a name that is not shown would be read as what it means elsewhere."""
    shown = data.draw(st.lists(NAMES, unique=True, min_size=len(own), max_size=len(own)))
    there, back = both_ways(dict(zip(own, shown, strict=True)))
    for name in "abcdefghi":
        assert back.get(there.get(name, name), there.get(name, name)) == name
    assert [there[name] for name in own] == shown
