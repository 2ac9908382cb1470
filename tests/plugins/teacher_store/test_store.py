"""The teacher store: one attempt once, whatever processes do, and damage is told."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.provenance import Provenance, Usage
from mentor_core.contracts.task import Task
from mentor_core.support.errors import DataError, RunError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.teacher_store.store import Stored, TeacherStore, fingerprint, task_hash
from mentor_toolkit.scripts import play_expert


@pytest.fixture(scope="module")
def played():
    env = Calculator(train_size=8)
    return [(task, play_expert(env, task)) for task in env.tasks("train")]


def stored(task, trajectory, key="k", **changes):
    attempt = Stored(key, task_hash(task), "train", "teacher", 0, "verified", "", "", trajectory)
    return replace(attempt, **changes)


@pytest.fixture
def store(tmp_path):
    opened = TeacherStore.open(tmp_path / "t.db", create=True)
    yield opened
    opened.database.close()


def test_an_attempt_comes_back_as_it_was(store, played):
    task, trajectory = played[0]
    provenance = Provenance(
        "openai", "m", None, "s", {"temperature": 0.5}, usage=Usage(2, 3, 4, "m")
    )
    trajectory = replace(trajectory, provenance=provenance)
    assert store.add([stored(task, trajectory)]) == 1
    (found,) = store.of_tasks("calculator", [task.id], ["verified"])
    assert found.trajectory == trajectory
    assert found.trajectory.provenance == provenance


def test_the_same_attempt_is_stored_once(store, played):
    task, trajectory = played[0]
    assert store.add([stored(task, trajectory), stored(task, trajectory)]) == 1
    assert store.add([stored(task, trajectory, verdict="refused")]) == 0
    assert store.verdicts(["k", "other"]) == {"k": "verified"}


def test_only_the_verdicts_asked_for_are_given(store, played):
    task, trajectory = played[0]
    verdicts = ("verified", "trusted", "refused")
    store.add(stored(task, trajectory, key=v, verdict=v) for v in verdicts)
    for verdict in verdicts:
        (found,) = store.of_tasks("calculator", [task.id], [verdict])
        assert found.verdict == verdict


@given(prompt=st.text(), answer=st.one_of(st.integers(), st.text(), st.none()), other=st.text())
def test_another_prompt_or_answer_is_another_task(prompt, answer, other):
    task = Task("t", "e", prompt, answer)
    assert task_hash(task) == task_hash(Task("t", "e", prompt, answer))
    if other != prompt:
        assert task_hash(task) != task_hash(Task("t", "e", other, answer))
    assert task_hash(task) != task_hash(Task("t", "e", prompt, [answer]))


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_fingerprints_tell_parts_apart(one, other):
    """["ab"] and ["a", "b"] must not be the same request."""
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def test_stores_merge_and_nothing_is_doubled(tmp_path, store, played):
    (first, one), (second, two) = played[:2]
    store.add([stored(first, one, "a")])
    with TeacherStore.open(tmp_path / "u.db", create=True).database as database:
        TeacherStore(database).add([stored(first, one, "a"), stored(second, two, "b")])
    assert store.merge(tmp_path / "u.db") == 1
    assert store.merge(tmp_path / "u.db") == 0
    assert set(store.verdicts(["a", "b"])) == {"a", "b"}


def test_a_missing_store_and_other_files_are_told(tmp_path):
    with pytest.raises(DataError, match=r"no\.db: there is no teacher store; `mentor teach`"):
        TeacherStore.open(tmp_path / "no.db")
    (tmp_path / "text.db").write_text("these are notes, and no database at all" * 100)
    with pytest.raises(DataError, match=r"text\.db: no SQLite file"):
        TeacherStore.open(tmp_path / "text.db", create=True)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE mine (x)")
    other.close()
    with pytest.raises(DataError, match=r"other\.db: this SQLite file is no teacher store"):
        TeacherStore.open(tmp_path / "other.db", create=True)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    path = tmp_path / "t.db"
    with TeacherStore.open(path, create=True).database.writing() as connection:
        connection.execute("UPDATE facts SET value = '99' WHERE name = 'version'")
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"newer mentor \(store version 99, .*up to 1"):
        TeacherStore.open(path, create=True)
    assert path.read_bytes() == before


def test_a_full_disk_is_one_message_and_loses_nothing(store, played):
    task, trajectory = played[0]
    store.add([stored(task, trajectory, "a")])
    ((pages,),) = store.database.rows("PRAGMA page_count")
    store.database.rows(f"PRAGMA max_page_count = {pages}")
    big = replace(trajectory, answer="".join(map(chr, range(1000, 60_000))))
    with pytest.raises(RunError, match=r"t\.db cannot be used: database or disk is full"):
        store.add([stored(task, big, "b")])
    assert set(store.verdicts(["a", "b"])) == {"a"}


def test_threads_share_a_store(store, played):
    def add(number):
        for index, (task, trajectory) in enumerate(played):
            store.add([stored(task, trajectory, f"{index}-{number % 2}")])

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(store.stream())) == 2 * len(played)


def test_processes_import_at_the_same_time(tmp_path, played, store):
    """Two people who import into one store must not lose each other's rows."""
    others = []
    for number in range(3):
        path = tmp_path / f"{number}.db"
        with TeacherStore.open(path, create=True).database as database:
            TeacherStore(database).add(
                stored(task, trajectory, f"{number}-{index}-{n}")
                for index, (task, trajectory) in enumerate(played)
                for n in range(50)
            )
        others.append(path)
    script = "import sys; sys.argv[0] = 'mentor'; from mentor_core.cli import main; main()"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, "teacher", "import", store.database.path, other]
        )
        for other in others
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(list(store.stream())) == 3 * 50 * len(played)


@pytest.mark.slow
def test_a_large_store_answers_at_once(store, played):
    """With 100,000 attempts a task's references must still come from an index."""
    trajectories = [replace(trajectory, task_id="x") for _, trajectory in played]
    task = Task("x", "calculator", "?")
    for first in range(0, 100_000, 10_000):
        store.add(
            stored(task, replace(trajectories[n % 8], task_id=f"task-{n}"), str(n))
            for n in range(first, first + 10_000)
        )
    plan = store.database.rows(
        "EXPLAIN QUERY PLAN SELECT record FROM attempts WHERE env = ? AND task_id IN (?) "
        "AND verdict IN (?) ORDER BY task_id, teacher, number",
        ("calculator", "task-77777", "verified"),
    )
    assert "attempts_of_a_task" in str(plan)
    (found,) = store.of_tasks("calculator", ["task-77777"], ["verified"])
    assert found.key == "77777"
