"""What a student is made from: recipes that can be played."""

import tomllib

import pytest

from mentor_core.models import embedded_students, model_path
from mentor_core.student.build import Recipe, demonstrations

STUDENTS = embedded_students()


@pytest.mark.parametrize("name", STUDENTS)
def test_the_recipe_of_every_student_can_be_played(name):
    path = model_path(f"embedded/{name}") / "recipe.toml"
    recipe = Recipe.model_validate(tomllib.loads(path.read_text()))
    few = [part.model_copy(update={"count": 3}) for part in recipe.parts]
    assert len(demonstrations(name, few, recipe.seed)) == 3 * len(few)
