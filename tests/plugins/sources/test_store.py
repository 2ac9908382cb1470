"""source=store: references of the run's tasks only, and of those tasks as they are now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mentor_core.door.registry import SOURCES, create
from mentor_core.support.errors import ConfigError, DataError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.teacher_store.store import Stored, TeacherStore, task_hash
from mentor_runs.assembly.references import find_references
from mentor_toolkit.scripts import play_expert


@pytest.fixture(scope="module")
def env():
    return Calculator(train_size=8)


@pytest.fixture
def file(tmp_path, env):
    """A store with a verified attempt at each of four tasks, and a refused one."""
    path = tmp_path / "t.db"
    with TeacherStore.open(path, create=True).database as database:
        TeacherStore(database).add(
            Stored(
                f"{task.id}-{verdict}", task_hash(task), "train", "t", 0, verdict, "", "",
                play_expert(env, task),
            )
            for task in env.tasks("train")[:4]
            for verdict in ("verified", "refused", "trusted")
        )  # fmt: skip
    return path


def source(file, **options):
    return create(SOURCES, "store", {"file": file, **options})


def test_only_tasks_of_the_run_and_verified_attempts(env, file):
    tasks = env.tasks("train")[2:6]
    found = source(file).find(tasks, env)
    assert {task: len(several) for task, several in found.items()} == {
        tasks[0].id: 1,
        tasks[1].id: 1,
    }
    trusted = source(file, trusted=True).find(tasks, env)
    assert {len(several) for several in trusted.values()} == {2}
    assert {len(s) for s in source(file, trusted=True, most=1).find(tasks, env).values()} == {1}


def test_attempts_at_a_task_that_has_changed_are_left_out(env, file):
    """The answer of the old task would be taught for the new one."""
    changed = [replace(task, answer=4711) for task in env.tasks("train")[:4]]
    with pytest.raises(ConfigError, match="4 are of tasks whose content has changed"):
        source(file).find(changed, env)


def test_a_verdict_in_the_file_is_not_believed(env, file):
    """Somebody edited the outcome and the verdict: the replay refuses the attempt."""
    task = env.tasks("train")[5]
    played = play_expert(env, task)
    forged = replace(played, turns=[replace(played.turns[-1], text="Answer: 4711")], answer="4711")
    store = TeacherStore.open(file)
    store.add([Stored("f", task_hash(task), "train", "t", 0, "verified", "", "", forged)])
    store.database.close()
    found = find_references(source(file), [task], env)
    assert not found.of
    assert found.refused


def test_the_shortest_comes_first(env, file):
    task = env.tasks("train")[0]
    played = play_expert(env, task)
    longer = replace(played, turns=[played.turns[0], *played.turns])
    store = TeacherStore.open(file)
    store.add([Stored("0", task_hash(task), "train", "a", 0, "verified", "", "", longer)])
    store.database.close()
    first = source(file).find([task], env)[task.id][0]
    assert len(first.calls) == len(longer.calls)
    first = source(file, choose="shortest").find([task], env)[task.id][0]
    assert len(first.calls) == len(played.calls)


def test_a_store_that_is_not_there_is_told(env, tmp_path):
    with pytest.raises(DataError, match=r"no\.db: there is no teacher store"):
        source(tmp_path / "no.db").find(env.tasks("train"), env)
