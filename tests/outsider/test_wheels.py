"""What a stranger gets by pip: the wheels, in an environment without this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    "mentor_core": ROOT,
    "mentor_students": ROOT / "envs" / "mentor_students",
    "mentor_plugin_xyz": Path(__file__).parent / "mentor-plugin-xyz",
}
pytestmark = pytest.mark.slow


def run(*command, cwd):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheels")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "-w", folder]
    for source in SOURCES.values():
        run(sys.executable, "-m", "pip", "wheel", *options, source, cwd=folder)
    return {name: next(folder.glob(f"{name}-*.whl")) for name in SOURCES}


@pytest.fixture(scope="module")
def place(wheels, tmp_path_factory):
    """A directory with a virtual environment that has the wheels, and this one's dependencies."""
    folder = tmp_path_factory.mktemp("place")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    options = ["--no-deps", "--no-index", "--quiet"]
    run(python, "-m", "pip", "install", *options, *wheels.values(), cwd=folder)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    # A path file of this environment's own packages is not read there: nothing is editable.
    (Path(site.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_the_core_is_small(wheels):
    """Seven students of 41 MiB came with every version of it."""
    assert wheels["mentor_core"].stat().st_size < 1 << 20


def test_it_is_the_wheels_that_are_used(place):
    where = "import mentor_core, mentor_lab, mentor_students; print(mentor_core.__file__)"
    assert str(place) in run(place / "venv/bin/python", "-c", where, cwd=place)


@pytest.mark.parametrize(
    ("env", "trainer"), [("webshop", "grpo"), ("dice", "grpo"), ("dice", "noise")]
)
def test_the_users_command_trains(place, env, trainer):
    """`mentor run --env webshop --rewards teacher,outcome` works after pip install, as it is."""
    small = ["train.tasks_per_step=2", "train.group_size=2", "evaluate.tasks=2"]
    said = run(
        place / "venv/bin/mentor",
        *("run", "--env", env, "--rewards", "teacher,outcome", "--steps", "1"),
        *(part for setting in small for part in ("--set", setting)),
        *("--set", "rollout.max_episode_tokens=300", "--set", f"trainer={trainer}"),
        *("--output", f"{env}-{trainer}"),
        cwd=place,
    )
    assert "trained student" in said
    assert (place / f"{env}-{trainer}" / "model" / "config.json").is_file()
