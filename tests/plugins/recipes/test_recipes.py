"""Recipes: settings of whole runs, by name."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mentor_core.door.registry import RECIPES, names
from mentor_runs.settings import recipes
from mentor_runs.settings.recipes import read_recipe
from mentor_runs.settings.resolve import resolve


@pytest.mark.parametrize("name", names(RECIPES))
def test_every_recipe_is_a_run_that_could_start(mentor, name):
    """A recipe with a key that is gone would fail its user, and nobody else."""
    assert read_recipe(name).description
    out, _ = mentor("run", "--recipe", name, "--dry-run")
    assert out


def test_flags_and_set_come_above_a_recipe(mentor):
    assert resolve(read_recipe("hard").settings).train.steps == 720
    out, _ = mentor("run", "--recipe", "hard", "--steps", "7", "--dry-run")
    assert "steps = 7" in out or "7 steps" in out


def test_an_unknown_recipe_is_named_with_the_nearest(mentor):
    _, err = mentor("run", "--recipe", "hards", "--dry-run", code=2)
    assert "unknown recipe 'hards'; did you mean hard?" in err


def test_recipes_are_listed_with_what_they_are_for(mentor):
    out, _ = mentor("recipes")
    for name in names(RECIPES):
        assert name in out
    assert "Tasks the student fails" in out


ROOT = Path(__file__).parents[3]
METHODS = [name for name in names(RECIPES) if read_recipe(name).method]


@pytest.mark.parametrize("name", METHODS)
def test_the_proof_of_every_method_is_a_test_that_exists(name):
    file, _, function = read_recipe(name).method.test.partition("::")
    assert f"def {function or 'test_'}" in (ROOT / file).read_text(encoding="utf-8")


def test_every_method_has_one_planted_error_that_its_file_still_fits():
    """`benchmarks/mutations.py` then shows that the proofs notice their errors."""
    planted = tomllib.loads((ROOT / "benchmarks" / "mutations.toml").read_text(encoding="utf-8"))
    assert sorted(planted) == METHODS
    for error in planted.values():
        source = (ROOT / "plugins" / "mentor_plugins" / error["file"]).read_text(encoding="utf-8")
        assert source.count(error["text"]) == 1, error["file"]


def test_the_page_of_methods_is_made_from_the_recipes(mentor):
    """After a change: mentor methods --markdown > docs/methods.md."""
    page, _ = mentor("methods", "--markdown")
    assert (ROOT / "docs" / "methods.md").read_text(encoding="utf-8") == page


def test_methods_are_listed_with_source_and_axes(mentor):
    out, _ = mentor("methods", "--json")
    listed = {row["name"]: row for row in json.loads(out)["methods"]}
    assert [*listed] == METHODS
    assert "2402.19446" in listed["hier_critic"]["source"]
    assert listed["hier_critic"]["axes"] == ["feedback"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps = [", "not TOML"),
        ("description = 3", "expected text, not 3"),
        ("[method]\nsource = 'x'", "table method"),
        ("[method]\nsauce = 'x'", "sauce"),
    ],
)
def test_a_broken_recipe_is_listed_as_broken(mentor, monkeypatch, text, said):
    """One bad file of a package must not hide the methods of all others."""
    real = recipes.resource
    monkeypatch.setattr(
        recipes, "resource", lambda kind, name: text if name == "mdpo" else real(kind, name)
    )
    out, _ = mentor("methods", "--json")
    rows = {row["name"]: row for row in json.loads(out)["methods"]}
    assert said in rows["mdpo"]["problem"]
    assert rows["hier_critic"]["problem"] is None
    _, err = mentor("run", "--recipe", "mdpo", "--dry-run", code=2)
    assert "recipe 'mdpo'" in err
    assert said in err
