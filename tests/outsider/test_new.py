"""The packages of `mentor new`, untouched: installed by pip, tested, used, and made to wheels."""

from __future__ import annotations

import json
import sys
import zipfile

import pytest

from mentor_lab.new.package import KINDS, Package, write

from .conftest import OFFLINE

pytestmark = pytest.mark.slow
USES = {
    "env": ("--env", "my-env"),
    "reward": ("--rewards", "outcome,my-reward"),
    "composer": ("--rewards", "outcome,teacher", "--set", "reward.composer=my-composer"),
    "credit": ("--set", "credit=my-credit"),
    "objective": ("--set", "objective=my-objective"),
    "plan": ("--set", "plan=my-plan"),
    "sampler": ("--set", "sampler=my-sampler"),
    "critic": ("--set", "critic=my-critic", "--set", "credit=turn_critic"),
    "lessons": (
        *("--set", "trainer_options.imitation=0.1"),
        *("--set", "trainer_options.lessons=my-lessons"),
    ),
}


@pytest.fixture(scope="module")
def place(environment, tmp_path_factory):
    """A virtual environment that sees this one's packages, with one new package of each kind."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("new")
    made = [write(Package(kind, f"my-{kind}"), folder) for kind in KINDS]
    editable = [part for package in made for part in ("-e", package)]
    environment(folder, "import site; site.addsitedir({!r})", *editable)
    return folder


@pytest.fixture(scope="module")
def python(run, place):
    """python("-m", "pytest", cwd=folder, code=0) → what it wrote to stdout."""

    def call(*command, cwd=place, code=0):
        return run(place / "venv/bin/python", *command, cwd=cwd, code=code).stdout

    return call


@pytest.fixture(scope="module")
def mentor(python):
    return lambda *arguments, code=0: python("-m", "mentor_core", *arguments, code=code)


@pytest.mark.parametrize("kind", KINDS)
def test_its_tests_pass_and_mentor_takes_it(place, python, mentor, kind):
    python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=place / f"mentor-plugin-my-{kind}")
    if kind in USES:
        assert f"my-{kind}" in mentor("run", "--dry-run", *USES[kind])


def test_they_build_wheels_with_their_types_and_recipes(run, place):
    packages = [place / f"mentor-plugin-my-{kind}" for kind in KINDS]
    options = (*OFFLINE, "--no-build-isolation", "-w", place / "wheels")
    run(sys.executable, "-m", "pip", "wheel", *options, *packages, cwd=place)
    wheels = sorted((place / "wheels").glob("*.whl"))
    assert len(wheels) == len(KINDS)
    (env,) = (wheel for wheel in wheels if wheel.name.startswith("mentor_plugin_my_env-"))
    listed = zipfile.ZipFile(env).namelist()
    assert "mentor_plugin_my_env/py.typed" in listed
    assert "mentor_plugin_my_env/student/recipe.toml" in listed


def test_a_student_is_built_and_trained(place, mentor):
    """With a tenth of the recipe: the whole takes minutes."""
    recipe = place / "mentor-plugin-my-env/mentor_plugin_my_env/student/recipe.toml"
    whole = recipe.read_text()
    recipe.write_text(whole.replace("count = ", "count = 64 # "))
    assert "saved to" in mentor("student", "build", "my-env")
    small = ("train.tasks_per_step=2", "train.group_size=2", "evaluate.tasks=2")
    settings = [part for setting in small for part in ("--set", setting)]
    given = ("--env", "my-env", "--steps", "1", *settings, "--output", "trained")
    assert "trained student" in mentor("run", *given)
    assert (place / "trained/model/config.json").is_file()


def test_the_doctor_finds_them_well_and_says_what_is_broken(place, mentor):
    said = json.loads(mentor("doctor", "--json"))
    assert said["healthy"], said["problems"]
    found = {one["name"]: one for one in said["distributions"]}
    assert found["mentor-plugin-my-env"]["registers"] == {
        "environment": ["my-env"],
        "student": ["my-env"],
    }
    assert found["mentor-plugin-my-credit"]["version"] == "0.1.0"
    blocked = json.loads(mentor("--block", "mentor-plugin-my-env", "doctor", "--json"))
    states = {one["name"]: one["blocked"] for one in blocked["distributions"]}
    assert states["mentor-plugin-my-env"]
    assert not states["mentor-plugin-my-credit"]

    source = place / "mentor-plugin-my-credit/mentor_plugin_my_credit/credit.py"
    whole = source.read_text()
    source.write_text(whole.replace("def assign(", "def assigned("))
    try:
        said = json.loads(mentor("doctor", "--json", code=1))
    finally:
        source.write_text(whole)
    (problem,) = said["problems"]
    assert "mentor-plugin-my-credit" in problem
    assert "is abstract: it does not define assign" in problem
