import pytest

from mentor_core.errors import ConfigError, DataError
from mentor_core.references import find_references
from mentor_core.registry import SOURCES, create
from mentor_core.testing import trajectory_of
from mentor_core.trajectory import Call, write_trajectories
from mentor_envs.calculator.env import Calculator


@pytest.fixture
def env():
    return Calculator(train_size=3)


def saved(tmp_path, *trajectories):
    file = tmp_path / "teacher.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        write_trajectories(stream, trajectories)
    return create(SOURCES, "saved", {"files": [str(file)]})


def played(task, outcome, **fields):
    made = [Call("add", {"a": 1, "b": 2}, "3")]
    fields = {"task_id": task.id, "env": task.env, "outcome": outcome, **fields}
    return trajectory_of(made, "Answer: 3", **fields)


def test_a_large_models_episodes_serve_as_references(tmp_path, env):
    first, second, third = env.tasks("train")
    source = saved(
        tmp_path, played(first, 1.0), played(first, 1.0), played(second, 0.0), played(third, None)
    )
    found = find_references(source, env.tasks("train"), env)
    assert [r.source for r in found.get(first)] == ["teacher", "teacher"]
    assert found.get(second) == found.get(third) == []
    assert found.refused == {"outcome wrong": 1, "outcome not verified": 1}


def test_a_file_for_other_tasks_is_told_apart_from_a_bad_teacher(tmp_path, env):
    source = saved(tmp_path, played(env.tasks("eval")[0], 1.0))
    with pytest.raises(ConfigError, match=r"none of 1 trajectories in .*teacher\.jsonl"):
        source.find(env.tasks("train"), env)


def test_a_broken_line_is_named(tmp_path, env):
    file = tmp_path / "teacher.jsonl"
    file.write_text("{}\n", encoding="utf-8")
    source = create(SOURCES, "saved", {"files": [str(file)]})
    with pytest.raises(DataError, match=r"teacher\.jsonl:1"):
        source.find(env.tasks("train"), env)
    with pytest.raises(DataError, match="absent"):
        create(SOURCES, "saved", {"files": [str(tmp_path / "absent")]}).find(
            env.tasks("train"), env
        )


def test_it_needs_a_file():
    with pytest.raises(ConfigError, match="files"):
        create(SOURCES, "saved", {})
