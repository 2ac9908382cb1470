"""GSM8K's rows, small ones and all that are published."""

import gzip
import json

import pytest

from mentor_core import Call, RowError, Trajectory, Turn
from mentor_core.door.registry import RECORD_FORMATS, create

ADD = Call("add", {"a": 1, "b": 2}, "3")


def read(row, **options):
    return create(RECORD_FORMATS, "gsm8k", options).read(row)


def test_gsm8k_marks_are_calls_of_a_calculator():
    solution = "Half is 48/2=<<48/2=24>>24 clips.\nAll: <<48+24=72>>72.\n#### 72"
    row = {"question": "How many?", "answer": solution}
    trajectory = read(row, env="calculator")
    first, second, last = trajectory.turns
    assert first.text == "Half is 48/2="
    assert first.calls == [Call("calculator", {"expression": "48/2"}, "24")]
    assert second.calls == [Call("calculator", {"expression": "48+24"}, "72")]
    assert last.text == "72.\n#### 72"
    assert (trajectory.answer, trajectory.end, trajectory.env) == ("72", "answered", "calculator")
    with pytest.raises(RowError, match="no #### before its result"):
        read({"question": "How many?", "answer": "72"})
    with pytest.raises(RowError, match=r"a call is not calculator\(expression=…\)"):
        create(RECORD_FORMATS, "gsm8k").write(
            Trajectory("t", "", prompt=trajectory.prompt, turns=[Turn("", [ADD])])
        )


def test_all_rows_of_gsm8k_are_read_and_come_back(shared_data):
    gsm8k = create(RECORD_FORMATS, "gsm8k")
    with gzip.open(shared_data / "gsm8k" / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    back = [gsm8k.write(gsm8k.read(row)) for row in rows]
    assert [(row["question"], row["answer"]) for row in back] == [
        (row["question"], row["answer"]) for row in rows
    ]
