"""Every embedded student loads, is small, and is weak in the way that leaves something to learn."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from mentor_core.contracts.policy import Sampling
from mentor_core.door.registry import POLICIES, create
from mentor_plugins.models.loading import load_student, model_path
from mentor_runs.assembly.assemble import assemble
from mentor_runs.evaluation.summary import evaluation_starts, play, summarise
from mentor_runs.settings.model_names import embedded_students
from mentor_runs.settings.resolve import resolve

STUDENTS = embedded_students()
MASTER = Path(str(files("mentor_lab") / "students" / "chat_template.jinja"))


@pytest.mark.parametrize("name", STUDENTS)
def test_a_student_is_at_most_8_mb(name):
    found = [file for file in model_path(f"embedded/{name}").iterdir() if file.is_file()]
    assert sum(file.stat().st_size for file in found) <= 8_000_000


@pytest.mark.parametrize("name", STUDENTS)
def test_all_students_have_the_same_chat_template(name):
    assert (model_path(f"embedded/{name}") / MASTER.name).read_text() == MASTER.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDENTS)
def test_a_student_can_do_something_and_not_everything(name):
    """What is never sampled is never reinforced; at two thirds there is little left to learn."""
    path = model_path(f"embedded/{name}") / "recipe.toml"
    env = tomllib.loads(path.read_text()).get("environment", name)
    config = resolve({"env": env, "model": f"embedded/{name}", "evaluate": {"tasks": 64}})
    parts = assemble(config)
    player = create(POLICIES, config.evaluate.policy, {})
    player.prepare(load_student(config.model), Sampling(1.0), parts.limits)
    rollout = parts.rollout(player, parts.executor())
    starts = evaluation_starts(parts.evaluation_tasks("eval"), 2, 0)
    summary = summarise(play(rollout, starts))
    rollout.close()
    assert summary.outcome is not None
    assert summary.success is not None
    assert summary.outcome > 0
    assert summary.success <= 0.67
