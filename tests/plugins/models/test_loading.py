"""Where a model is, and what is told if it is not there or has not learnt an environment."""

import pytest

from mentor_core.support.errors import ModelError
from mentor_plugins.models.loading import model_path, unseen
from mentor_runs.settings.model_names import embedded_students
from mentor_runs.settings.resolve import resolve


def test_every_embedded_student_is_a_directory_that_can_be_loaded():
    assert "calculator" in embedded_students()
    for name in embedded_students():
        path = model_path(f"embedded/{name}")
        assert path is not None and (path / "tokenizer.json").is_file()


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
