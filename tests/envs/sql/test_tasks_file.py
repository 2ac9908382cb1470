"""Tasks from a file: Spider's layout, and rows that are refused with file and row."""

from __future__ import annotations

import gzip
import json

import pytest

from mentor_core.support.errors import DataError
from mentor_envs.sql.contents import build
from mentor_envs.sql.env import Sql
from mentor_envs.sql.tasks_file import read_tasks

GOOD = {"db_id": "zoo", "question": "How many animals?", "query": "SELECT COUNT(*) FROM animal"}


@pytest.fixture
def folder(tmp_path):
    """Spider's own layout, with one database."""
    (tmp_path / "database" / "zoo").mkdir(parents=True)
    (tmp_path / "database" / "zoo" / "zoo.sqlite").write_bytes(build("zoo", 0))
    return tmp_path


def read(folder, path):
    return read_tasks(path, folder / "database")


def solves(env, task):
    env.reset(options={"task": task})
    expert, calls = env.expert(task), None
    while env.end is None:
        content, wanted = next(expert) if calls is None else expert.send(calls)
        calls = env.step(env.parser.render(content, wanted))[4]["calls"]
    return env.verify()


@pytest.mark.parametrize("name", ["dev.json", "dev.json.gz", "dev.jsonl", "dev.jsonl.gz"])
def test_spiders_layout_loads(folder, name):
    rows = [GOOD | {"question": f"{n}?"} for n in range(19)] + [GOOD | {"split": "ood", "id": "o"}]
    text = json.dumps(rows) if ".json." in f"{name}." else "\n".join(map(json.dumps, rows))
    write = gzip.compress if name.endswith(".gz") else bytes
    (folder / name).write_bytes(write(text.encode()))
    env = Sql(tasks_file=folder / name)
    assert [len(env.tasks(split)) for split in ("train", "eval", "ood")] == [18, 1, 1]
    assert env.tasks("ood")[0].id == "o"
    assert solves(env, env.tasks("train")[0]) == 1.0
    elsewhere = Sql(tasks_file=folder / name, databases=folder / "database")
    assert elsewhere.tasks("train") == env.tasks("train")
    env.close()


def test_birds_rows_load(folder):
    row = {"db_id": "zoo", "question": "How many?", "SQL": "SELECT 1", "evidence": "all of them"}
    (folder / "dev.json").write_text(json.dumps([row]))
    (task,) = read(folder, folder / "dev.json")
    assert (task.answer, task.prompt) == ("SELECT 1", "How many?\nHint: all of them")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([1], "expected an object such as"),
        ({"question": "?", "query": "SELECT 1"}, "no key 'db_id'"),
        ({"db_id": "zoo", "qestion": "?", "query": "SELECT 1"}, "did you mean qestion?"),
        ({"db_id": "zoo", "question": "?"}, "no key 'query'"),
        (GOOD | {"question": 3}, "question must be some text, got 3"),
        (GOOD | {"query": " "}, "query must be some text"),
        (GOOD | {"db_id": "zo"}, "zo.sqlite; did you mean zoo?"),
        (GOOD | {"split": "tran"}, "unknown split 'tran'; did you mean train"),
        (GOOD | {"id": "row-1"}, "id 'row-1' is that of"),
    ],
)
@pytest.mark.parametrize("name", ["dev.json", "dev.jsonl"])
def test_a_broken_row_is_named_by_file_and_row(folder, name, row, expected):
    # Among a thousand rows nobody finds it otherwise.
    path = folder / name
    rows = [GOOD, row]
    path.write_text(json.dumps(rows) if name == "dev.json" else "\n\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError) as raised:
        read(folder, path)
    where = f"{path}: row 2: " if name == "dev.json" else f"{path}:3: "
    assert str(raised.value).startswith(where)
    assert expected in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"[]", b"[{", b"{", b"\xff\xfe", b"[" * 100_000])
@pytest.mark.parametrize("name", ["dev.json", "dev.json.gz"])
def test_a_damaged_file_is_named(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=r"dev\.json"):
        read(folder, folder / name)


def test_a_missing_or_cut_file_is_named(folder):
    with pytest.raises(DataError, match=r"none\.json"):
        Sql(tasks_file=folder / "none.json").tasks("train")
    whole = gzip.compress(json.dumps([GOOD] * 100).encode())
    (folder / "cut.json.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.json\.gz"):
        read(folder, folder / "cut.json.gz")


def test_a_damaged_database_is_named(folder):
    (folder / "dev.json").write_text(json.dumps([GOOD]))
    (folder / "database" / "zoo" / "zoo.sqlite").write_bytes(b"nothing" * 1000)
    env = Sql(tasks_file=folder / "dev.json")
    with pytest.raises(DataError, match=r"zoo\.sqlite: cannot be read as an SQLite database"):
        env.expert(env.tasks("train")[0])
