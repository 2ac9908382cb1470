from mentor_core.registry import GATES, create
from mentor_core.task import Task
from mentor_core.trajectory import Call


def test_every_call_may_run():
    gate = create(GATES, "allow_all")
    assert gate.refuse(Call("drop_tables", {}), Task("task-1", "tests", "?"), []) is None
