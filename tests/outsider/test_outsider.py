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
def seen(tmp_path_factory):
    """What `use_plugin.py` reports from where the plugin is installed."""
    pytest.importorskip("hatchling")
    directory = tmp_path_factory.mktemp("outsider")
    source, target = directory / "source", directory / "site"
    shutil.copytree(HERE / "mentor-plugin-xyz", source)
    install = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run("-m", *install, "--target", str(target), str(source))
    return json.loads(run(str(HERE / "use_plugin.py"), PYTHONPATH=str(target)))


def test_what_it_registers_is_listed_and_what_is_broken_says_why(seen):
    assert seen["entries"]["environment"] == {"dice": None}
    assert seen["entries"]["preset"] == {"short": None}
    terms = seen["entries"]["reward term"]
    assert terms["brevity"] is None
    assert "No module named 'a_package_that_nobody_has_installed'" in terms["broken"]
    assert terms["outcome"] == "the name is taken by mentor-core"


def test_a_plugin_that_cannot_be_imported_is_listed_with_the_reason(seen):
    assert list(seen["plugins"]) == ["xyz_missing"]
    assert "mentor_plugin_xyz.never_written" in seen["plugins"]["xyz_missing"]


def test_using_the_broken_term_says_which_package_it_came_from(seen):
    assert "mentor-plugin-xyz: mentor_plugin_xyz.broken:Broken" in seen["load_broken"]


def test_its_environment_term_and_preset_are_used_with_mentor_s_own(seen):
    assert seen["reward"] == pytest.approx(0.8 + 0.2 / 2)
    assert 'composer = "weighted_sum"' in seen["preset"]
    assert seen["gymnasium"] == "dice"
    assert seen["outcome"].startswith("mentor_plugins.")
