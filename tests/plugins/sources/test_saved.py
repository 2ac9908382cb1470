from dataclasses import replace

import pytest

from mentor_core.contracts.trajectory import write_trajectories
from mentor_core.door.registry import SOURCES, create
from mentor_core.support.errors import ConfigError, DataError
from mentor_envs.calculator.env import Calculator
from mentor_runs.assembly.references import find_references
from mentor_toolkit.scripts import play_expert

WRITTEN = '"outcome":1.0'


@pytest.fixture
def env():
    return Calculator(train_size=3)


def saved(tmp_path, *trajectories):
    file = tmp_path / "teacher.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        write_trajectories(stream, trajectories)
    return create(SOURCES, "saved", {"files": [str(file)]})


def played(env, task, **fields):
    """What a large model's episode is, as `mentor eval --output` keeps it."""
    return replace(play_expert(env, task), source="student", **fields)


def test_a_large_models_episodes_serve_as_references(tmp_path, env):
    first, second, third = env.tasks("train")
    wrong, unknown = played(env, second, outcome=0.0), played(env, third, outcome=None)
    broken = played(env, third, outcome=None, end="error", error="ServerError: down")
    source = saved(tmp_path, played(env, first), played(env, first), wrong, unknown, broken)
    found = find_references(source, env.tasks("train"), env)
    assert [r.source for r in found.get(first)] == ["teacher", "teacher"]
    assert found.get(second) == found.get(third) == []
    assert found.refused == {"outcome wrong": 1, "outcome not verified": 1, "the episode broke": 1}
    assert found.trusted == {}


def test_an_outcome_that_somebody_wrote_teaches_nobody(tmp_path, env):
    first, second, _ = env.tasks("train")
    guess = played(env, second)
    forged = replace(guess, task_id=first.id, prompt=[], outcome=1.0)
    found = find_references(saved(tmp_path, forged), env.tasks("train"), env)
    assert found.of == {}
    assert found.refused == {"another outcome when replayed": 1}
    assert "1.0" in found.notes()[0] and first.id in found.notes()[0]


@pytest.mark.parametrize("outcome", ["NaN", "1.5", "-0.5", "Infinity"])
def test_an_outcome_that_is_none_is_named_with_its_line(tmp_path, env, outcome):
    """A NaN passes every comparison that asks whether it is too small."""
    first, second, _ = env.tasks("train")
    source = saved(tmp_path, played(env, first), played(env, second))
    (file,) = source.files
    whole, half = file.read_text().splitlines()
    file.write_text(whole + "\n" + half.replace(WRITTEN, f'"outcome":{outcome}') + "\n")
    with pytest.raises(DataError, match=r"teacher\.jsonl:2: outcome: "):
        source.find(env.tasks("train"), env)


def test_a_file_for_other_tasks_is_told_apart_from_a_bad_teacher(tmp_path, env):
    source = saved(tmp_path, played(env, env.tasks("eval")[0]))
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
