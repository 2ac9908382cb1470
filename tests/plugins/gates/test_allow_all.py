from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.door.registry import GATES, create


def test_every_call_may_run():
    gate = create(GATES, "allow_all")
    assert gate.refuse(Call("drop_tables", {}), Task("task-1", "tests", "?"), []) is None
