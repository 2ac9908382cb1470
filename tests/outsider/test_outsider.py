"""Third parties' packages, one sound and one broken, built and installed by pip."""

import json
import os
import sys
from pathlib import Path

import pytest

from .conftest import OFFLINE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(run, wheel, tmp_path_factory):
    """Where the plugins are installed."""
    folder = tmp_path_factory.mktemp("outsider")
    wheels = wheel("mentor_plugin_xyz"), wheel("mentor_plugin_broken")
    run(sys.executable, "-m", "pip", "install", *OFFLINE, "--target", folder, *wheels, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def python(run, site):
    """python("file.py", "argument") → the finished process, which sees the plugins."""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return lambda *command, code=0: run(
        sys.executable, *command, cwd=site, code=code, PYTHONPATH=path
    )


@pytest.fixture(scope="module")
def seen(python):
    """What `use_plugin.py` reports."""
    return json.loads(python(Path(__file__).with_name("use_plugin.py")).stdout)


@pytest.fixture(scope="module")
def mentor(python):
    """mentor("run", "--dry-run", code=0) → what it wrote to both streams."""

    def call(*arguments, code=0):
        done = python("-m", "mentor_core", *arguments, code=code)
        return done.stdout + done.stderr

    return call


def test_what_it_registers_is_listed_and_what_is_broken_says_why(seen):
    assert seen["entries"]["environment"] == {"dice": None}
    assert seen["entries"]["preset"] == {"short": None}
    terms = seen["entries"]["reward term"]
    assert terms["brevity"] is None
    assert "No module named 'a_package_that_nobody_has_installed'" in terms["broken"]
    assert terms["mentor-plugin-broken:length"] is None
    assert seen["entries"]["student"] == {"dice": None}


def test_a_plugin_that_cannot_be_imported_is_listed_with_the_reason(seen):
    assert {distribution for _, distribution, _ in seen["plugins"]} == {"mentor-plugin-broken"}
    problems = [problem for plugin, _, problem in seen["plugins"] if plugin == "broken_missing"]
    assert "mentor_plugin_broken.never_written" in "".join(problems)


def test_each_fault_of_a_plugin_is_listed_and_costs_only_what_it_is_in(seen):
    problems = [problem for plugin, _, problem in seen["plugins"] if plugin == "broken_faults"]
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


def test_the_command_line_works_whatever_a_plugin_does(mentor):
    shown = mentor("--help")
    for command in ("run", "throw", "not-a-command", "exits"):
        assert command in shown
    assert mentor("throw").strip() == "4"
    for command in ("not-a-command", "exits"):
        assert "mentor-plugin-broken" in mentor(command, code=2)
    assert "is abstract" in mentor("run", "--dry-run", "--rewards", "abstract", code=2)
    shown = mentor("run", "--dry-run", "--rewards", "length", code=2)
    assert "write mentor-core:length or mentor-plugin-broken:length" in shown
    named = ("--rewards", "outcome,mentor-plugin-broken:length")
    assert "mentor-plugin-broken:length" in mentor("run", "--dry-run", *named)


def test_using_the_broken_term_says_which_package_it_came_from(seen):
    assert "mentor-plugin-broken: mentor_plugin_broken.broken:Broken" in seen["load_broken"]


def test_its_environment_term_and_preset_are_used_with_mentor_s_own(seen):
    assert seen["reward"] == pytest.approx(0.8 + 0.2 / 2)
    assert 'composer = "weighted_sum"' in seen["preset"]
    assert seen["gymnasium"] == "dice"
    assert seen["length"].startswith("mentor_plugins.")
    assert "is registered by mentor-core and mentor-plugin-broken" in seen["load_length"]
