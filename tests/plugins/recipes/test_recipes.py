"""Recipes: settings of whole runs, by name."""

from __future__ import annotations

import tomllib

import pytest

from mentor_core.door.registry import RECIPES, names, resource
from mentor_runs.settings.resolve import resolve


@pytest.mark.parametrize("name", names(RECIPES))
def test_every_recipe_is_a_run_that_could_start(mentor, name):
    """A recipe with a key that is gone would fail its user, and nobody else."""
    assert tomllib.loads(resource(RECIPES, name))["description"]
    out, _ = mentor("run", "--recipe", name, "--dry-run")
    assert out


def test_flags_and_set_come_above_a_recipe(mentor):
    settings = tomllib.loads(resource(RECIPES, "hard"))
    settings.pop("description")
    assert resolve(settings).train.steps == 720
    out, _ = mentor("run", "--recipe", "hard", "--steps", "7", "--dry-run")
    assert "steps = 7" in out or "7 steps" in out


def test_an_unknown_recipe_is_named_with_the_nearest(mentor):
    _, err = mentor("run", "--recipe", "hart", "--dry-run", code=2)
    assert "unknown recipe 'hart'; did you mean hard?" in err


def test_recipes_are_listed_with_what_they_are_for(mentor):
    out, _ = mentor("recipes")
    for name in names(RECIPES):
        assert name in out
    assert "Tasks the student fails" in out
