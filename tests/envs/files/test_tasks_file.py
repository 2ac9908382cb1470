"""Files of tasks: read, split, and refused with file and row."""

from __future__ import annotations

import gzip
import json

import pytest

from mentor_core.support.errors import DataError
from mentor_envs.files.env import Files
from mentor_toolkit.scripts import play_expert

MOVE = {
    "prompt": "Move a.txt into docs.",
    "start": {"a.txt": "hi", "docs": {}},
    "expected": {"docs": {"a.txt": "hi\n"}},
    "calls": [{"name": "mv", "arguments": {"source": "a.txt", "destination": "docs"}}],
}
ASK = {
    "prompt": "Which file mentions tea?",
    "start": {"a.txt": "milk", "b.txt": "tea"},
    "answer": ["b.txt", "/b.txt"],
    "id": "tea",
    "split": "ood",
}


def write(path, *rows):
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_rows_become_tasks(tmp_path, name):
    env = Files(tasks_file=write(tmp_path / name, MOVE, "", MOVE, ASK))
    ids = {split: [task.id for task in env.tasks(split)] for split in ("train", "eval", "ood")}
    assert ids == {"train": ["row-1"], "eval": ["row-3"], "ood": ["tea"]}
    played = play_expert(env, env.tasks("train")[0])
    assert (played.outcome, len(played.calls)) == (1.0, 1)
    (asked,) = env.tasks("ood")
    assert env.expert(asked) is None
    for text, outcome in (("Answer: /b.txt", 1.0), ("`b.txt`.", 1.0), ("a.txt", 0.0), ("", 0.0)):
        env.reset(options={"task": asked})
        assert env.step(text)[4]["outcome"] == outcome


def test_a_list_of_rows_is_welcome(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([MOVE, ASK]))
    assert len(Files(tasks_file=path).tasks("train")) == 1
    path.write_text(json.dumps([MOVE, 3]))
    with pytest.raises(DataError, match=r"rows\.json: row 2: expected an object"):
        Files(tasks_file=path).tasks("train")


def test_a_real_directory_is_a_start(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "b.txt").write_text("tea\n")
    env = Files(tasks_file=write(tmp_path / "rows.jsonl", ASK | {"start": "notes"}))
    (task,) = env.tasks("ood")
    env.reset(options={"task": task})
    env.step(
        '<tool_call>{"name": "write", "arguments": {"path": "b.txt", "text": "x"}}</tool_call>'
    )
    assert env.state.tree == {"b.txt": "x\n"}
    assert (tmp_path / "notes" / "b.txt").read_text() == "tea\n"
    env.close()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{", "not JSON"),
        ("[1]", "expected an object such as"),
        ({k: v for k, v in MOVE.items() if k != "start"}, "no key 'start'"),
        (MOVE | {"promt": "x"}, "unknown key 'promt'; did you mean prompt"),
        (MOVE | {"prompt": " "}, "prompt must be some text"),
        (MOVE | {"start": 3}, "start must be a tree, or the path of a directory, got 3"),
        (MOVE | {"start": "nowhere"}, "nowhere is not a directory"),
        (MOVE | {"start": {"a": {"b": 3}}}, "start: 'a/b' must be a text (a file) or an object"),
        (MOVE | {"start": {"a/b": "x"}}, "start: 'a/b': Not a name"),
        (MOVE | {"start": {"..": {"b": "x"}}}, "start: '..': Not a name"),
        (MOVE | {"start": {"a": {"": "x"}}}, "start: 'a/': "),
        (MOVE | {"expected": {"a\0": "x"}}, "expected: 'a\\x00': Invalid argument"),
        (MOVE | {"expected": {"a": "x" * 100_000}}, "100001 characters; max_size is 100000"),
        (MOVE | {"expected": "x"}, "expected must be a tree"),
        ({k: v for k, v in MOVE.items() if k != "expected"}, "neither 'expected' nor 'answer'"),
        (ASK | {"answer": []}, "answer must be some text"),
        (ASK | {"answer": 3}, "answer must be some text"),
        (ASK | {"split": "tran"}, "unknown split 'tran'; did you mean train"),
        (ASK | {"id": "row-1"}, "id 'row-1' is that of"),
        (MOVE | {"calls": [{"name": "mv"}]}, 'calls must be a list of {"name": …, "arguments":'),
        (MOVE | {"calls": [{"name": "move", "arguments": {}}]}, "calls.0: unknown tool 'move'"),
        (MOVE | {"calls": [{"name": "mv", "arguments": {}}]}, "calls.0: "),
        ('{"prompt": "\\ud800"}', "not Unicode text"),
    ],
)
def test_a_broken_row_is_named_by_file_and_line(tmp_path, row, expected):
    path = write(tmp_path / "rows.jsonl", MOVE, "", row)
    with pytest.raises(DataError) as raised:
        Files(tasks_file=path).tasks("train")
    assert str(raised.value).startswith(f"{path}:3: ")
    assert expected in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"[]", b"[1", b"[" * 100_000])
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_a_file_without_rows_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=r"rows\.jsonl"):
        Files(tasks_file=tmp_path / name).tasks("train")
    with pytest.raises(DataError, match=r"none\.jsonl"):
        Files(tasks_file=tmp_path / "none.jsonl").tasks("train")
