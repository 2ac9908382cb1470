"""BFCL's files: read as they are, and broken ones named with file and row."""

from __future__ import annotations

import json

import pytest

from mentor_core.support.errors import DataError
from mentor_envs.bfcl.calls import parse_call
from mentor_envs.bfcl.env import Bfcl
from mentor_envs.bfcl.schemas import json_schema

from .playing import play

AREA = {
    "name": "area",
    "description": "Area of a shape.",
    "parameters": {
        "type": "dict",
        "properties": {
            "sides": {"type": "tuple", "items": {"type": "float"}},
            "type": {"type": "string"},
        },
        "required": ["sides"],
    },
}
QUESTION = {
    "id": "simple_python_0",
    "question": [[{"role": "user", "content": "What is the area of a rectangle of 2 and 3?"}]],
    "function": [AREA],
}
ANSWER = {
    "id": "simple_python_0",
    "ground_truth": [{"area": {"sides": [[2, 3]], "type": ["rectangle", ""]}}],
}


def write(folder, questions, answers=None, category="simple_python"):
    for path, rows in ((folder, questions), (folder / "possible_answer", answers)):
        if rows is not None:
            path.mkdir(exist_ok=True)
            lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
            (path / f"BFCL_v4_{category}.json").write_text("\n".join(lines))
    return Bfcl(data=str(folder), categories=category, eval_share=0)


def changed(**fields):
    return {**QUESTION, **fields}


def test_rows_become_tasks(tmp_path):
    env = write(tmp_path, [QUESTION], [ANSWER])
    (task,) = env.tasks("train")
    assert (task.id, task.prompt) == ("simple_python_0", QUESTION["question"][0][0]["content"])
    assert play(env, task)["outcome"] == 1.0
    assert json.loads(json.dumps(task.metadata)) == task.metadata
    properties = env.schemas[0]["function"]["parameters"]["properties"]
    assert properties["sides"] == {"type": "array", "items": {"type": "number"}}


def test_names_become_those_of_tools(tmp_path):
    # Tool-calling servers refuse a dot, and many of BFCL's functions have one.
    answer = {**ANSWER, "ground_truth": [{"shapes.area": ANSWER["ground_truth"][0]["area"]}]}
    env = write(tmp_path, [changed(function=[{**AREA, "name": "shapes.area"}])], [answer])
    (task,) = env.tasks("train")
    assert play(env, task)["outcome"] == 1.0
    assert list(env.tools) == ["shapes_area"]


def test_a_conversation_before_the_question_is_shown(tmp_path):
    # Live rows have system messages and earlier turns, without which they make no sense.
    said = [
        {"role": role, "content": text}
        for role, text in (("system", "Be brief."), ("user", "Hi."), ("assistant", "Hi!"))
    ]
    question = {"role": "user", "content": "The area?"}
    env = write(tmp_path, [changed(question=[[*said, question]])], [ANSWER])
    (task,) = env.tasks("train")
    messages, _ = env.reset(options={"task": task})
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user"]
    assert messages[0]["content"].endswith("\n\nBe brief.")
    assert task.prompt == messages[-1]["content"] == "The area?"


def test_relevance_wants_any_call(tmp_path):
    row = changed(id="live_relevance_0-0-0")
    env = write(tmp_path, [row], category="live_relevance")
    for turn, outcome in ((env.parser.render("", []), 0.0), ("No.", 0.0)):
        env.reset()
        assert env.step(turn)[1] == outcome
    env.reset()
    assert env.step('<tool_call>{"name": "area", "arguments": {}}</tool_call>')[1] == 1.0
    assert env.expert(env.tasks("train")[0]) is None


BROKEN = '{"id": '
NO_TYPE = {**AREA, "parameters": {"type": "dict", "properties": {"a": {"type": "flot"}}}}


@pytest.mark.parametrize(
    ("questions", "answers", "expected"),
    [
        ([QUESTION, BROKEN], [ANSWER], r"python\.json:2: not JSON"),
        ([QUESTION, "[]"], [ANSWER], r"python\.json:2: expected an object"),
        ([{}], [ANSWER], r"python\.json:1: no key 'id'"),
        ([changed(question=[])], [ANSWER], r"python\.json:1: question: "),
        ([changed(question="?")], [ANSWER], r"python\.json:1: question: "),
        ([changed(question=[[], []])], [ANSWER], r"python\.json:1: question must be one turn"),
        ([changed(function=[{}])], [ANSWER], r"python\.json:1: function\.0\.name: "),
        ([changed(function=[{**AREA, "name": "a b"}])], [ANSWER], "1: function.0.name: .*'a b' is"),
        ([changed(function=[NO_TYPE])], [ANSWER], "1: function area: a: unknown type 'flot'; did"),
        ([changed(function=[AREA, AREA])], [ANSWER], "1: two functions are named 'area'"),
        ([QUESTION, QUESTION], [ANSWER], r":2: id 'simple_python_0' is that of .*python\.json:1"),
        ([QUESTION, changed(id="x")], [ANSWER], r":2: id 'x' has no answer in .*possible_answer"),
        ([QUESTION], [{"id": "simple_python_0"}], r"answer/BFCL_v4_simple_python\.json:1: ground"),
        ([QUESTION], [{**ANSWER, "ground_truth": [{"b": {}}]}], "answer/.*:1: ground_truth must"),
        ([QUESTION], None, "possible_answer: no file BFCL_v4_simple_python.json"),
        (["", ""], [ANSWER], "no row"),
    ],
)
def test_a_broken_file_is_named_with_its_row(tmp_path, questions, answers, expected):
    with pytest.raises(DataError, match=expected):
        write(tmp_path, questions, answers).tasks("train")


def test_a_category_without_a_file_says_which_there_are(tmp_path):
    write(tmp_path, [QUESTION], [ANSWER])
    with pytest.raises(DataError, match=r"multiple\.json; known: simple_python"):
        Bfcl(data=str(tmp_path), categories="multiple").tasks("eval")
    with pytest.raises(DataError, match=r"no file BFCL_v4_multiple\.json"):
        Bfcl(data=str(tmp_path / "nowhere"), categories="multiple").tasks("eval")


def dialogue(tmp_path, source="ls(a=True)", **fields):
    row = {
        "id": "multi_turn_base_0",
        "question": [[{"role": "user", "content": "What is here?"}]],
        "involved_classes": ["GorillaFileSystem"],
        "initial_config": {
            "GorillaFileSystem": {"root": {"w": {"type": "directory", "contents": {}}}}
        },
    }
    document = {
        "name": "ls",
        "parameters": {"type": "dict", "properties": {"a": {"type": "boolean"}}},
    }
    (tmp_path / "multi_turn_func_doc").mkdir()
    (tmp_path / "multi_turn_func_doc" / "gorilla_file_system.json").write_text(json.dumps(document))
    answer = {"id": "multi_turn_base_0", "ground_truth": [[source]]}
    return write(tmp_path, [{**row, **fields}], [answer], "multi_turn_base")


def test_a_dialogue_of_ones_own(installed, tmp_path):
    env = dialogue(tmp_path)
    assert play(env, env.tasks("train")[0])["outcome"] == 1.0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"source": "rm('x')"}, "answer/.*:1: ground_truth: \"rm\\('x'\\)\" calls rm"),
        ({"source": "ls(open('x'))"}, "argument 'a' is not a literal"),
        ({"involved_classes": ["GorilaFileSystem"]}, "did you mean GorillaFileSystem"),
        ({"involved_classes": ["TwitterAPI"]}, "posting_api.json: No such file"),
        ({"question": [[{"role": "user", "content": "a"}], []]}, "turn without a message"),
        ({"question": [[{"role": "user", "content": "a"}]] * 2}, "1 turns, and 2 in"),
        ({"missed_function": {"0": ["cp"]}}, "must be in missed_function"),
    ],
)
def test_a_broken_dialogue_is_named_with_its_row(installed, tmp_path, fields, expected):
    with pytest.raises(DataError, match=expected):
        dialogue(tmp_path, **fields).tasks("train")


@pytest.mark.parametrize(
    ("source", "arguments"),
    [
        ("f(1, b='x')", {"a": 1, "b": "x"}),
        ("f(b=[1, -2.5], a={'k': None})", {"b": [1, -2.5], "a": {"k": None}}),
        (" f() ", {}),
    ],
)
def test_ground_truth_is_read(source, arguments):
    call = parse_call(source, {"f": ["a", "b"]})
    assert (call.name, call.arguments) == ("f", arguments)


@pytest.mark.parametrize(
    "source",
    [
        *("f", "f(", "g()", "f(1, 2, 3)", "f(1, a=2)", "f(**{})", "f(*[1])", "f(g())", "o.f()"),
        *("f(x)", "f(__import__('os'))", "(" * 500 + ")" * 500, "f(\0)"),
    ],
)
def test_what_is_no_call_with_literals_is_never_run(source):
    with pytest.raises(ValueError, match=r"."):
        parse_call(source, {"f": ["a", "b"]})


def test_types_are_those_of_json_schema():
    document = {
        "type": "dict",
        "properties": {
            "type": {"type": "any"},
            "points": {"type": "array", "items": {"type": "tuple", "items": {"type": "float"}}},
            "more": {"type": "object", "additionalProperties": {"type": "float"}},
            "free": {"type": "dict", "additionalProperties": True},
        },
    }
    properties = json_schema(document)["properties"]
    assert properties["type"] == {"type": "string"}
    assert properties["points"]["items"] == {"type": "array", "items": {"type": "number"}}
    assert properties["more"]["additionalProperties"] == {"type": "number"}
    assert properties["free"]["additionalProperties"] is True
    assert document["type"] == "dict"
    for broken in ({"type": ["string"]}, {"properties": []}, {"items": [1]}):
        with pytest.raises(ValueError, match=r"type|properties|items"):
            json_schema(broken)
