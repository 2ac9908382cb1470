"""Which student a run takes: the one that is named, or that of its environments."""

import pytest

from mentor_runs.settings.model_names import embedded_student, embedded_students
from mentor_runs.settings.resolve import resolve


@pytest.mark.parametrize("name", embedded_students())
def test_a_run_takes_the_student_of_its_environment(name):
    config = resolve({"env": name})
    assert config.model == f"embedded/{name}"
    assert config.train.learning_rate == 1e-4


def test_of_several_environments_the_first_with_a_student_decides():
    assert embedded_student(["mcp", "calculator"]) == "embedded/calculator"
    assert resolve({"env": "mcp,calculator=0.5"}).model == "embedded/calculator"


def test_a_student_that_is_named_is_taken_whatever_the_environment():
    config = resolve({"env": "files", "model": "embedded/calculator"})
    assert (config.model, config.train.learning_rate) == ("embedded/calculator", 1e-4)
