"""BFCL's possible answers, small ones and all that are published."""

import json

import pytest

from mentor_core import Call, DataError, RowError
from mentor_core.door.registry import RECORD_FORMATS, create


def read(row, **options):
    return create(RECORD_FORMATS, "bfcl", options).read(row)


def test_bfcl_takes_the_first_possible_value_and_leaves_out_what_may_be_empty():
    allowed = {"base": [10, 10.0], "unit": ["", "cm"], "where": [{"city": ["Rome", "Roma"]}]}
    truth = [{"area": allowed}, {"sort": {"rows": [[{"by": ["age"]}]], "name": [""]}}]
    trajectory = read({"id": "simple_0", "ground_truth": truth})
    assert trajectory.task_id == "simple_0"
    assert trajectory.calls == [
        Call("area", {"base": 10, "where": {"city": "Rome"}}),
        Call("sort", {"rows": [{"by": "age"}], "name": ""}),
    ]


def test_bfcl_calls_of_several_turns_are_python(tmp_path):
    row = {
        "id": "multi_0",
        "question": [[{"role": "user", "content": "Sort."}], [{"role": "user", "content": "Go."}]],
        "ground_truth": [["sort('a.txt')"], ["cd(folder='..')", "ls()"]],
    }
    with pytest.raises(RowError, match="give function_docs"):
        read(row)
    docs = {"name": "sort", "parameters": {"properties": {"file_name": {}}}}
    (tmp_path / "files.json").write_text(json.dumps(docs) + "\n")
    trajectory = read(row, function_docs=tmp_path)
    assert trajectory.turns == read({**row, "function": [docs]}).turns
    assert trajectory.calls == [
        Call("sort", {"file_name": "a.txt"}),
        Call("cd", {"folder": ".."}),
        Call("ls", {}),
    ]
    assert trajectory.turns[0].observation == [{"role": "user", "content": "Go."}]
    with pytest.raises(DataError, match=r"no folder with \.json files"):
        read(row, function_docs=tmp_path / "elsewhere")
    with pytest.raises(RowError, match="not a Python call with literals"):
        read({"id": "x", "ground_truth": [["open(name=__import__('os').name)"]]})


def test_all_possible_answers_of_bfcl_are_read_and_come_back(shared_data):
    folder = shared_data / "bfcl"
    bfcl = create(RECORD_FORMATS, "bfcl", {"function_docs": folder / "multi_turn_func_doc"})
    counts = {}
    for file in sorted((folder / "possible_answer").glob("*.json")):
        trajectories = [bfcl.read(json.loads(line)) for line in file.read_text().splitlines()]
        assert [bfcl.read(bfcl.write(trajectory)) for trajectory in trajectories] == trajectories
        counts[file.stem.removeprefix("BFCL_v4_")] = len(trajectories)
    assert counts == {
        "multi_turn_base": 200,
        "multiple": 200,
        "parallel": 200,
        "simple_python": 400,
    }
