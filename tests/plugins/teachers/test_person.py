"""A person at the terminal: what they type becomes calls and answers, and is verified."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_envs.calculator.env import Calculator
from mentor_lab.testing import json_values
from mentor_plugins.teacher_store.store import TeacherStore
from mentor_plugins.teachers.person import read_calls

SCHEMAS = {
    "add": {"properties": {"a": {}, "b": {}}},
    "db.find": {"properties": {"where": {}}},
}


def pairs(line):
    calls = read_calls(line, SCHEMAS)
    return None if calls is None else [(call.name, call.arguments) for call in calls]


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("add(1, 2)", [("add", {"a": 1, "b": 2})]),
        ("add(1, b=-2.5)", [("add", {"a": 1, "b": -2.5})]),
        ("add(1, 2), add(3, 4)", [("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})]),
        ('db.find(where={"x": [1, None, True]})', [("db.find", {"where": {"x": [1, None, True]}})]),
        ('{"name": "fly", "arguments": {"to": "moon"}}', [("fly", {"to": "moon"})]),
        ("Answer: 12", None),
        ("12", None),
        ("f(x) = 2", None),
        ("print(3)", None),
        ("{not json", None),
    ],
)
def test_lines(line, calls):
    assert pairs(line) == calls


@pytest.mark.parametrize("line", ["add(1, 2", "add(a=x)", "add(1, 2, 3)", "add(**d)", "add(1+)"])
def test_a_call_that_cannot_be_read_is_not_taken_for_an_answer(line):
    """A slip of the finger must not end the episode."""
    with pytest.raises(ValueError):
        pairs(line)


@given(st.dictionaries(st.sampled_from(["a", "b"]), json_values()))
def test_any_arguments_can_be_written(arguments):
    line = "add(" + ", ".join(f"{key}={value!r}" for key, value in arguments.items()) + ")"
    assert pairs(line) == [("add", arguments)]


def test_a_person_plays_two_tasks_and_skips_one(mentor, monkeypatch, tmp_path):
    tasks = Calculator().tasks("train")[:3]
    typed = [
        "/tools",
        "add(1, 2",  # a slip
        "add(1, 2)",
        f"Answer: {tasks[0].answer}",
        "/skip",
        f"Answer: {tasks[2].answer}",
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(typed) + "\n"))
    store = tmp_path / "t.db"
    out, _ = mentor(
        "teach", "--teacher", "person", "--env", "calculator", "--tasks", 3, "--store", store,
        "--attempts", 1,
    )  # fmt: skip
    assert "the call cannot be read" in out
    assert "→ 3" in out
    with TeacherStore.open(store).database as database:
        found = {a.trajectory.task_id: a for a in TeacherStore(database).stream()}
    assert set(found) == {tasks[0].id, tasks[2].id}
    assert {attempt.verdict for attempt in found.values()} == {"verified"}
    first = found[tasks[0].id].trajectory
    assert [call.name for call in first.calls] == ["add"]
    assert first.provenance.player == "person"


def test_tasks_are_shown_with_their_answers(mentor):
    first, second = Calculator().tasks("train")[:2]
    out, _ = mentor("tasks", "calculator", "-n", 1)
    assert first.prompt in out
    assert f"→ {first.answer}" in out
    assert second.prompt not in out
    out, _ = mentor("tasks", "calculator", "--task", second.id, "--json")
    assert second.id in out
    _, error = mentor("tasks", "calculator", "--task", "train-0-99999", code=2)
    assert "no task 'train-0-99999'" in error
