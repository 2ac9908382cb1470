"""A real third-party package, built and installed by pip, in its own process."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow


def run(*command, **environment):
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Where the plugin is installed."""
    pytest.importorskip("hatchling")
    directory = tmp_path_factory.mktemp("outsider")
    source, target = directory / "source", directory / "site"
    shutil.copytree(HERE / "mentor-plugin-xyz", source)
    install = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run("-m", *install, "--target", str(target), str(source))
    return target


@pytest.fixture(scope="module")
def seen(site):
    """What `use_plugin.py` reports."""
    return json.loads(run(str(HERE / "use_plugin.py"), PYTHONPATH=path(site)))


def path(site):
    """The import path of this process with the plugin on it."""
    return os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])


def mentor(site, *arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", *arguments],
        env={**os.environ, "PYTHONPATH": path(site)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_what_it_registers_is_listed_and_what_is_broken_says_why(seen):
    assert seen["entries"]["environment"] == {"dice": None}
    assert seen["entries"]["preset"] == {"short": None}
    terms = seen["entries"]["reward term"]
    assert terms["brevity"] is None
    assert "No module named 'a_package_that_nobody_has_installed'" in terms["broken"]
    assert terms["mentor-plugin-xyz:length"] is None
    assert seen["entries"]["student"] == {"dice": None}


def test_a_plugin_that_cannot_be_imported_is_listed_with_the_reason(seen):
    assert {distribution for _, distribution, _ in seen["plugins"]} == {"mentor-plugin-xyz"}
    problems = [problem for plugin, _, problem in seen["plugins"] if plugin == "xyz_missing"]
    assert "mentor_plugin_xyz.never_written" in "".join(problems)


def test_each_fault_of_a_plugin_is_listed_and_costs_only_what_it_is_in(seen):
    problems = [problem for plugin, _, problem in seen["plugins"] if plugin == "xyz_faults"]
    for number, fault in enumerate(
        ("'config'", "did you mean mentor_samplers", "'a name with", "'no_target'", "@hookimpl")
    ):
        assert sum(fault in problem for problem in problems) == 1, (number, problems)
    assert len(problems) == 5
    terms = seen["entries"]["reward term"]
    assert terms["brief"] is None
    assert "is abstract: it does not define score" in terms["abstract"]
    commands = seen["entries"]["command"]
    assert commands["throw"] is None
    assert "is not a click.Command" in commands["not-a-command"]
    assert "SystemExit: 3" in commands["exits"]


def test_the_command_line_works_whatever_a_plugin_does(site):
    shown = mentor(site, "--help")
    for command in ("run", "throw", "not-a-command", "exits"):
        assert command in shown
    assert mentor(site, "throw").strip() == "4"
    for command in ("not-a-command", "exits"):
        assert "mentor-plugin-xyz" in mentor(site, command, code=2)
    assert "is abstract" in mentor(site, "run", "--dry-run", "--rewards", "abstract", code=2)
    shown = mentor(site, "run", "--dry-run", "--rewards", "length", code=2)
    assert "write mentor-core:length or mentor-plugin-xyz:length" in shown
    named = ("--rewards", "outcome,mentor-plugin-xyz:length")
    assert "mentor-plugin-xyz:length" in mentor(site, "run", "--dry-run", *named)


def test_its_student_is_made_from_its_recipe_and_used(site):
    shown = mentor(site, "run", "--dry-run", "--env", "dice", "--model", "embedded/dice", code=2)
    assert "build it with: mentor student build dice" in shown
    assert "saved to" in mentor(site, "student", "build", "dice")
    given = ("--env", "dice", "--rewards", "outcome", "--dry-run")
    assert 'model = "embedded/dice"' in mentor(site, "run", *given)


def test_using_the_broken_term_says_which_package_it_came_from(seen):
    assert "mentor-plugin-xyz: mentor_plugin_xyz.broken:Broken" in seen["load_broken"]


def test_its_environment_term_and_preset_are_used_with_mentor_s_own(seen):
    assert seen["reward"] == pytest.approx(0.8 + 0.2 / 2)
    assert 'composer = "weighted_sum"' in seen["preset"]
    assert seen["gymnasium"] == "dice"
    assert seen["length"].startswith("mentor_plugins.")
    assert "is registered by mentor-core and mentor-plugin-xyz" in seen["load_length"]
