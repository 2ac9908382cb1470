"""Fingerprints of tasks and references differ where something else would be learnt."""

from dataclasses import replace

import pytest

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_lab.testing import trajectory_of
from mentor_runs.directory.fingerprints import of_references, of_tasks

TASK = Task("a", "files", "?", {1, 2, 3})
CALL = Call("add", {"a": 1})


@pytest.mark.parametrize(
    "change", [{"id": "b"}, {"env": "sql"}, {"prompt": "!"}, {"answer": "3"}], ids=str
)
def test_another_task_has_another_fingerprint(change):
    assert of_tasks([TASK]) == of_tasks([replace(TASK, metadata={"where": "moved.jsonl:1"})])
    assert of_tasks([TASK]) != of_tasks([replace(TASK, **change)])
    assert of_tasks([TASK]) != of_tasks([TASK, TASK]) != of_tasks([])


def test_references_are_the_same_where_they_do_the_same():
    key = ("tests", "task")
    first = of_references({key: [trajectory_of([CALL], "3", seed=1)]})
    assert first == of_references({key: [trajectory_of([CALL], "3", seed=2)]})
    other = Call("add", {"a": 2})
    assert first != of_references({key: [trajectory_of([other], "3", seed=1)]})
    assert first != of_references({key: [trajectory_of([CALL], "4", seed=1)]})
