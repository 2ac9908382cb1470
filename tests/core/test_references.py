"""References: only verified ones teach."""

import pytest

from mentor_core.env import ToolEnv
from mentor_core.references import References, find_references
from mentor_core.source import TrajectorySource
from mentor_core.task import Task
from mentor_core.testing import trajectory_of

TASKS = [Task(f"task-{n}", "tests", "?") for n in (1, 2)]


class Silent(ToolEnv):
    name = "tests"

    def make_tools(self):
        return []

    def load_tasks(self, split):
        return TASKS

    def verify(self):
        return None


class Given(TrajectorySource):
    found: dict

    def find(self, tasks, env):
        return self.found


def find(found):
    return find_references(Given(found=found), TASKS, Silent())


def test_every_verified_reference_of_a_task_is_kept_in_order():
    first, second = trajectory_of("3", outcome=1.0), trajectory_of("3.0", outcome=1.0)
    references = find({"task-1": [first, second], "task-2": []})
    assert references.get(TASKS[0]) == [first, second]
    assert references.get(TASKS[1]) == []
    assert references.refused == {}
    assert set(references.of) == {("tests", "task-1")}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"outcome": None}, "outcome not verified"),
        ({"outcome": 0.99}, "outcome wrong"),
        ({"outcome": 1.0, "task_id": "task-2"}, "of another task"),
        ({"outcome": 1.0, "env": "calculator"}, "of another task"),
    ],
)
def test_a_reference_that_proves_nothing_is_refused_and_counted(wrong, why):
    """A student would be rewarded for doing as a teacher that failed."""
    good = trajectory_of("3", outcome=1.0)
    references = find({"task-1": [trajectory_of("4", **wrong), good, trajectory_of("4", **wrong)]})
    assert references.get(TASKS[0]) == [good]
    assert references.refused == {why: 2}


def test_references_of_two_environments_stand_side_by_side_though_ids_are_the_same():
    good, bad = trajectory_of("3", outcome=1.0), trajectory_of("4", outcome=0.0)
    elsewhere = trajectory_of("5", outcome=1.0, env="dice")
    joined = find({"task-1": [good, bad]}).joined(
        References({("dice", "task-1"): [elsewhere]}, {"outcome wrong": 2})
    )
    assert joined.get(TASKS[0]) == [good]
    assert joined.get(Task("task-1", "dice", "?")) == [elsewhere]
    assert joined.refused == {"outcome wrong": 3}


def test_a_task_nobody_asked_for_has_no_reference():
    assert References({}, {}).get(TASKS[0]) == []
