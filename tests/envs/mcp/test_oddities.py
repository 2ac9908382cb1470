"""An odd tool, or an odd list of tools, never costs a server its other tools."""

from __future__ import annotations

import json
import logging
import sys

import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

from mentor_core.support.errors import ConfigError

from .playing import call

SERVER = """
import json, sys
pages = json.loads(sys.argv[1])
count = 0
for line in sys.stdin:
    asked = json.loads(line)
    method, params = asked["method"], asked.get("params") or {}
    if "id" not in asked:
        continue
    if method == "initialize":
        told = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "odd", "version": "1"}}
    elif method == "tools/list":
        count += 1
        number = int((params.get("cursor") or "0").partition("-")[0])
        told = {"tools": pages[number]}
        if sys.argv[2] == "same":
            told["nextCursor"] = "0"
        elif sys.argv[2] == "new":
            told["nextCursor"] = f"0-{count}"
        elif number + 1 < len(pages):
            told["nextCursor"] = str(number + 1)
    elif method == "tools/call":
        told = {"content": [{"type": "text", "text": json.dumps(params["arguments"])}]}
    else:
        told = None
    answer = {"result": told} if told else {"error": {"code": -32601, "message": "unknown"}}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **answer}), flush=True)
"""
GOOD = {
    "name": "good",
    "inputSchema": {"type": "object", "properties": {"x": {"type": "string"}}},
}


def odd(schema, **fields):
    return {"name": "odd", "inputSchema": schema, **fields}


ODD = {
    "null properties": odd({"type": "object", "properties": None}),
    "no type": odd({"properties": {"x": {"type": "string"}}}),
    "nothing": odd({}),
    "no schema": {"name": "odd"},
    "null schema": odd(None),
    "a list for a schema": odd([]),
    "another type": odd({"type": "array"}),
    "ecma pattern": odd({"type": "object", "properties": {"x": {"pattern": "^\\p{L}+$"}}}),
    "ecma property pattern": odd({"type": "object", "patternProperties": {"\\p{L}": {}}}),
    "unknown type": odd({"type": "object", "properties": {"x": {"type": "text"}}}),
    "required is null": odd({"type": "object", "required": None}),
    "remote reference": odd(
        {"type": "object", "properties": {"x": {"$ref": "https://example.com/s.json"}}}
    ),
    "lost reference": odd({"type": "object", "properties": {"x": {"$ref": "#/$defs/no"}}}),
    "description is a number": odd({"type": "object"}, description=5),
    "no object": "odd",
}


@pytest.fixture
def serve(make, tmp_path):
    def serve(pages, cursors="", **options):
        server = tmp_path / "mcp_server.py"
        server.write_text(SERVER)
        tasks = tmp_path / "tasks.jsonl"
        tasks.write_text('{"prompt": "?", "answer": "x"}')
        command = [sys.executable, str(server), json.dumps(pages), cursors]
        return make(command=command, tasks_file=tasks, **options)

    return serve


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_tool_is_left_out_and_one_line_says_why(serve, caplog, kind):
    # The other tools are there, and can be called: the client reads the list again for that.
    with caplog.at_level(logging.WARNING):
        env = serve([[ODD[kind], GOOD]])
    assert list(env.tools) == ["good"]
    (said,) = [r.getMessage() for r in caplog.records if r.name.startswith("mentor")]
    assert "is left out: " in said
    assert "\n" not in said
    assert "'odd'" in said or kind == "no object"
    env.reset()
    assert call(env, "good", x="a")[0] == '{"x": "a"}'


def test_a_server_of_odd_tools_only_is_told_in_one_line(serve):
    with pytest.raises(ConfigError, match="no usable tool: tool 'odd' is left out: prop") as caught:
        serve([[ODD["null properties"]]])
    assert "\n" not in str(caught.value)


def test_an_odd_tool_cannot_be_chosen(serve):
    with pytest.raises(ConfigError, match="option 'tools': 'odd' cannot be used: "):
        serve([[ODD["ecma pattern"], GOOD]], tools=["odd"])


@pytest.mark.parametrize("cursors", ["same", "new"])
def test_a_list_without_an_end_ends(serve, caplog, cursors):
    with caplog.at_level(logging.WARNING):
        env = serve([[GOOD]], cursors, connect_seconds=20)
    assert list(env.tools) == ["good"]
    assert "its list of tools has no end: the first 1 are taken" in caplog.text


def test_pages_are_read_to_the_last_though_one_has_only_odd_tools(serve):
    second = {**GOOD, "name": "second"}
    env = serve([[GOOD], [ODD["no type"]], [second]])
    assert list(env.tools) == ["good", "second"]


def test_of_two_tools_of_one_name_the_first_is_taken(serve, caplog):
    with caplog.at_level(logging.WARNING):
        env = serve([[{**GOOD, "description": "first"}, {**GOOD, "description": "second"}]])
    assert env.tools["good"].description == "first"
    assert "tool 'good' is left out: there is another one of that name" in caplog.text
