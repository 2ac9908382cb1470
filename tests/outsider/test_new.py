"""The packages of `mentor new`, untouched: installed by pip, tested, used, and made to wheels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from mentor_lab.new.package import KINDS, Package, write

pytestmark = pytest.mark.slow
USES = {
    "env": ("--env", "my-env"),
    "reward": ("--rewards", "outcome,my-reward"),
    "composer": ("--rewards", "outcome,teacher", "--set", "reward.composer=my-composer"),
    "credit": ("--set", "credit=my-credit"),
    "objective": ("--set", "objective=my-objective"),
}
OFFLINE = ("--no-deps", "--no-index", "--quiet", "--no-build-isolation")


def run(*command, cwd, code=0):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A virtual environment that sees this one's packages, with one new package of each kind."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("new")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    ours = sysconfig.get_path("purelib")
    (Path(site.strip()) / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    made = [write(Package(kind, f"my-{kind}"), folder) for kind in KINDS]
    editable = [part for package in made for part in ("-e", package)]
    run(python, "-m", "pip", "install", *OFFLINE, *editable, cwd=folder)
    return folder


def mentor(place, *arguments, code=0):
    return run(place / "venv/bin/python", "-m", "mentor_core", *arguments, cwd=place, code=code)


@pytest.mark.parametrize("kind", KINDS)
def test_its_tests_pass_and_mentor_takes_it(place, kind):
    package = place / f"mentor-plugin-my-{kind}"
    run(place / "venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)
    if kind in USES:
        assert f"my-{kind}" in mentor(place, "run", "--dry-run", *USES[kind])


def test_they_build_wheels_with_their_types_and_recipes(place):
    packages = [place / f"mentor-plugin-my-{kind}" for kind in KINDS]
    options = (*OFFLINE, "-w", place / "wheels")
    run(place / "venv/bin/python", "-m", "pip", "wheel", *options, *packages, cwd=place)
    wheels = sorted((place / "wheels").glob("*.whl"))
    assert len(wheels) == len(KINDS)
    listed = run(sys.executable, "-m", "zipfile", "-l", wheels[2], cwd=place)
    assert "mentor_plugin_my_env/py.typed" in listed
    assert "mentor_plugin_my_env/student/recipe.toml" in listed


def test_a_student_is_built_and_trained(place):
    """With a tenth of the recipe: the whole takes minutes."""
    recipe = place / "mentor-plugin-my-env/mentor_plugin_my_env/student/recipe.toml"
    whole = recipe.read_text()
    recipe.write_text(whole.replace("count = ", "count = 64 # "))
    assert "saved to" in run_build(place)
    small = ("train.tasks_per_step=2", "train.group_size=2", "evaluate.tasks=2")
    settings = [part for setting in small for part in ("--set", setting)]
    given = ("--env", "my-env", "--steps", "1", *settings, "--output", "trained")
    assert "trained student" in mentor(place, "run", *given)
    assert (place / "trained/model/config.json").is_file()


def run_build(place):
    return mentor(place, "student", "build", "my-env")


def test_the_doctor_finds_them_well_and_says_what_is_broken(place):
    said = json.loads(mentor(place, "doctor", "--json"))
    assert said["healthy"], said["problems"]
    found = {one["name"]: one for one in said["distributions"]}
    assert found["mentor-plugin-my-env"]["registers"] == {
        "environment": ["my-env"],
        "student": ["my-env"],
    }
    assert found["mentor-plugin-my-credit"]["version"] == "0.1.0"
    blocked = json.loads(mentor(place, "--block", "mentor-plugin-my-env", "doctor", "--json"))
    states = {one["name"]: one["blocked"] for one in blocked["distributions"]}
    assert states["mentor-plugin-my-env"]
    assert not states["mentor-plugin-my-credit"]

    source = place / "mentor-plugin-my-credit/mentor_plugin_my_credit/credit.py"
    whole = source.read_text()
    source.write_text(whole.replace("def assign(", "def assigned("))
    try:
        said = json.loads(mentor(place, "doctor", "--json", code=1))
    finally:
        source.write_text(whole)
    (problem,) = said["problems"]
    assert "mentor-plugin-my-credit" in problem
    assert "is abstract: it does not define assign" in problem
