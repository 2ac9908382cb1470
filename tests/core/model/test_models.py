"""Which student a name means: the embedded ones, and what is told where there is none."""

import pytest

from mentor_core.model.models import embedded_student, embedded_students, model_path, unseen
from mentor_core.run.config import resolve
from mentor_core.support.errors import ModelError


def test_every_embedded_student_is_a_directory_that_can_be_loaded():
    assert "calculator" in embedded_students()
    for name in embedded_students():
        path = model_path(f"embedded/{name}")
        assert path is not None and (path / "tokenizer.json").is_file()


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


def test_it_is_told_which_environments_a_student_has_never_seen():
    assert unseen("embedded/calculator", ["calculator"]) == []
    assert unseen("./my-model", ["files"]) == []
    (note,) = unseen("embedded/calculator", ["calculator", "files", "sql"])
    assert note == "the student embedded/calculator has never seen files, sql"


def test_an_environment_without_a_student_gets_the_default_environments_and_is_told():
    config = resolve({"env": "mcp"})
    assert config.model == "embedded/calculator"
    assert unseen(config.model, config.environments)


def test_which_embedded_student_is_known_only_where_the_environments_are():
    with pytest.raises(ModelError, match=r"expected one of .*embedded/calculator"):
        model_path("embedded")


def test_a_misspelt_student_names_the_nearest():
    with pytest.raises(
        ModelError, match="'embedded/calculater' is not there; did you mean embedded/calculator"
    ):
        model_path("embedded/calculater")
