"""What the tests of packages share: commands in their own process, wheels, fresh environments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = {
    "mentor_core": HERE.parents[1],
    "mentor_students": HERE.parents[1] / "envs" / "mentor_students",
    "mentor_plugin_xyz": HERE / "mentor-plugin-xyz",
    "mentor_plugin_broken": HERE / "mentor-plugin-broken",
}
OFFLINE = ("--no-deps", "--no-index", "--quiet")


@pytest.fixture(scope="session")
def run():
    """run("python", "-V", cwd=folder, code=0, VARIABLE="value") → the finished process."""
    return _run


def _run(*command, cwd, code=0, **variables):
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("PYTEST")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """wheel("mentor_core") → its wheel, built once from the checkout."""
    pytest.importorskip("hatchling")
    made = {}

    def build(name, source=None):
        if (name, source) not in made:
            folder = tmp_path_factory.mktemp("wheels")
            options = (*OFFLINE, "--no-build-isolation", "-w", folder)
            source_folder = source or SOURCES[name]
            _run(sys.executable, "-m", "pip", "wheel", *options, source_folder, cwd=folder)
            (made[name, source],) = folder.glob(f"{name}-*.whl")
        return made[name, source]

    return build


@pytest.fixture(scope="session")
def environment():
    """environment(folder, line, *packages) → Python of a new virtual environment in the folder.

    `line` goes to a path file: the environment sees the packages of the interpreter `python`.
    pip installs the packages, wheels or options such as `-e`, without an index.
    """

    def make(folder, line, *packages, python=sys.executable):
        where = ("-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
        there = _run(python, *where, cwd=folder).stdout.strip()
        _run(python, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
        made = folder / "venv" / "bin" / "python"
        site = Path(_run(made, *where, cwd=folder).stdout.strip())
        (site / "dependencies.pth").write_text(line.format(there) + "\n")
        pip = (sys.executable, "-m", "pip", "--python", made, "install")
        _run(*pip, *OFFLINE, "--no-build-isolation", *packages, cwd=folder)
        return made

    return make
