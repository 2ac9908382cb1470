"""Rows: what other programs write into files of rows loses nothing."""

from __future__ import annotations

import codecs
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import DataError
from mentor_envs.calculator.env import Calculator
from mentor_envs.functions.env import Functions
from mentor_envs.rows import read_rows, read_task_rows

BOM = codecs.BOM_UTF8
values = st.none() | st.integers() | st.text() | st.lists(st.none(), max_size=2)
rows = st.lists(st.dictionaries(st.text(max_size=3), values, max_size=4), min_size=1, max_size=4)


def write(path, rows, bom=b"", between=b""):
    lines = [json.dumps(row).encode() for row in rows]
    content = bom + (b"\n" + between).join(lines) + b"\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@given(rows)
def test_null_is_absent_and_a_byte_order_mark_costs_no_line(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    for bom, between in ((b"", b""), (BOM, b""), (BOM, BOM)):  # the last: files put together
        found = read_rows(write(path, written, bom, between), "{}")
        assert [row.number for row in found] == list(range(1, len(written) + 1))
        assert [row.data for row in found] == [
            {key: value for key, value in row.items() if value is not None} for row in written
        ]


@pytest.mark.parametrize("name", ["tasks.json", "tasks.jsonl", "tasks.jsonl.gz"])
def test_no_task_is_lost(tmp_path, name):
    written = [
        {"question": f"{n}?", "answer": n, "id": None, "split": None, "extra": None}
        for n in range(20)
    ]
    path = tmp_path / name
    if name == "tasks.json":
        path.write_bytes(BOM + json.dumps(written).encode())
    else:
        write(path, written, BOM)
    env = Calculator(tasks_file=path)
    assert (len(env.tasks("train")), len(env.tasks("eval"))) == (18, 2)
    assert env.tasks("train")[0].id == "row-1"


def test_a_key_that_is_needed_must_not_be_null(tmp_path):
    path = write(tmp_path / "tasks.jsonl", [{"question": None, "answer": 1}])
    with pytest.raises(DataError, match=r"tasks\.jsonl:1: question must be some text, got null"):
        Calculator(tasks_file=path).tasks("train")


def test_a_row_of_functions_may_be_full_of_nulls(tmp_path):
    # A table has all columns in all rows.
    nulls = dict.fromkeys(("id", "split", "metadata", "calls", "answer", "extra"))
    calls = [{"name": "now", "arguments": None, "id": None}]
    path = write(
        tmp_path / "tasks.jsonl", [{"prompt": "a", **nulls}, {"prompt": "b", "calls": calls}]
    )

    def now() -> int:
        """The time."""
        return 5

    env = Functions(tools=[now], tasks_file=path)
    (task,), (other,) = env.tasks("train"), env.tasks("eval")
    assert (task.id, task.answer, env.expert(task)) == ("row-1", None, None)
    assert other.metadata["calls"] == [{"name": "now", "arguments": {}}]


def test_the_first_key_of_an_id_counts(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"_id": "a", "id": "b"}, {"id": "c"}, {"id": None}])
    assert [found[1] for found in read_task_rows(path, "{}", "_id", "id")] == ["a", "c", "row-3"]
