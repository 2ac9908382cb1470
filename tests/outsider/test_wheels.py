"""What a stranger gets by pip: the wheels, in an environment without this checkout.

The environment has this Python. Further interpreters that have mentor's dependencies are named in
MENTOR_TEST_PYTHONS, with `:` between them, and each gets an environment of its own. Those on the
path are found. A machine with torch for one Python only tries that one alone; the workflow in
.github/ runs all tests on the oldest Python and on newer ones. Nothing is downloaded here: that pip
finds the dependencies on an index is not tried.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mentor_core.contracts.trajectory import read_trajectories
from mentor_core.door.hookspecs import HOOKS

from .conftest import SOURCES

pytestmark = pytest.mark.slow
NAMES = ("mentor_core", "mentor_students", "mentor_plugin_xyz")
THIS = "{}.{}".format(*sys.version_info)
OTHERS = [version for version in ("3.11", "3.12", "3.13", "3.14") if version != THIS]
SMALL = ("train.tasks_per_step=2", "train.group_size=2", "evaluate.tasks=2")
SMALL_SETTINGS = [
    part for setting in (*SMALL, "rollout.max_episode_tokens=300") for part in ("--set", setting)
]


def lacks(python):
    """Why an interpreter cannot be tried; None if it can."""
    look = "import importlib.util as util; print(util.find_spec('torch') is not None)"
    try:
        done = subprocess.run([python, "-c", look], capture_output=True, check=False, timeout=60)
    except OSError as error:
        return str(error)
    return {b"True": None, b"False": "it has no torch"}.get(done.stdout.strip(), "it does not run")


def interpreters():
    named = [path for path in os.environ.get("MENTOR_TEST_PYTHONS", "").split(os.pathsep) if path]
    found = [shutil.which(f"python{version}") for version in OTHERS]
    usable = [path for path in found if path and lacks(path) is None]
    return [sys.executable, *named, *usable]


@pytest.fixture(scope="module")
def wheels(wheel):
    return {name: wheel(name) for name in NAMES}


@pytest.fixture(scope="module", params=interpreters(), ids=lambda path: Path(path).name)
def place(request, wheels, environment, tmp_path_factory):
    """A directory with a virtual environment that has the wheels, and this one's dependencies."""
    assert lacks(request.param) is None, f"{request.param}: {lacks(request.param)}"
    folder = tmp_path_factory.mktemp("place")
    # A path file of the interpreter's own packages is not read there: nothing is editable.
    environment(folder, "{}", *wheels.values(), python=request.param)
    return folder


@pytest.fixture(scope="module")
def mentor(run, place):
    """mentor("envs", code=0) → what it wrote to stdout."""

    def call(*arguments, code=0):
        done = run(place / "venv/bin/mentor", *arguments, cwd=place, code=code)
        return done.stderr if code else done.stdout

    return call


@pytest.mark.parametrize("version", OTHERS)
def test_other_pythons_at_hand_are_tried(version):
    """Nothing to run here: the tests below run on those that have torch."""
    python = shutil.which(f"python{version}")
    reason = lacks(python) if python else "there is none"
    if reason is not None:
        pytest.skip(f"python{version} is not tried: {reason}")
    assert python in interpreters()


def test_the_core_is_small(wheels):
    """Seven students of 41 MiB came with every version of it."""
    assert wheels["mentor_core"].stat().st_size < 1 << 20


@pytest.mark.parametrize("name", ["mentor_core", "mentor_students"])
def test_the_source_distribution_makes_the_same_wheel(run, wheel, name, tmp_path):
    """A file that the source distribution lacks is missing for all who build from it."""
    run(
        sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=SOURCES[name]
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    assert any(path.endswith("/LICENSE") for path in names)
    ours, rebuilt = (contents(path) for path in (wheel(name), wheel(name, archive)))
    assert rebuilt == ours


def contents(path):
    """File → its bytes; without the list of digests, whose lines may have another order."""
    with zipfile.ZipFile(path) as opened:
        return {
            name: opened.read(name) for name in opened.namelist() if not name.endswith("/RECORD")
        }


def test_it_is_the_wheels_that_are_used(run, place):
    where = "import mentor_core, mentor_lab, mentor_students; print(mentor_core.__file__)"
    done = run(place / "venv" / "bin" / "python", "-c", where, cwd=place)
    assert str(place) in done.stdout


def test_every_kind_is_listed_with_the_strangers_part(mentor):
    listed = json.loads(mentor("plugins", "--json"))
    assert listed["broken_plugins"] == []
    rows = [row for kind in listed["plugins"].values() for row in kind]
    assert [row["problem"] for row in rows if row["problem"]] == []
    kinds = [
        kind
        for kind, found in listed["plugins"].items()
        if any(row["distribution"] == "mentor-plugin-xyz" for row in found)
    ]
    assert len(kinds) == len(HOOKS)
    for command, name in (("envs", "dice"), ("rewards", "brevity"), ("recipes", "whole")):
        kinds = json.loads(mentor(command, "--json"))["plugins"].values()
        assert name in {row["name"] for rows in kinds for row in rows}
    assert json.loads(mentor("odds", "4", "--json"))["mean"] == 14.0


def test_the_strangers_environment_and_term_keep_their_promises(mentor):
    found = json.loads(mentor("check-env", "dice", "--examples", "50", "--json"))
    assert found["holds"]
    tested = {verdict["property"] for verdict in found["verdicts"] if verdict["examples"]}
    assert {"expert", "apart", "seed", "snapshot", "robust"} <= tested
    found = json.loads(mentor("check-reward", "brevity", "--examples", "50", "--json"))
    assert found["holds"]
    assert all(verdict["examples"] for verdict in found["verdicts"])


def test_a_teacher_fills_a_store_whose_rows_are_read_again(mentor, place):
    """By the stranger's teacher and record format: each attempt is replayed with its seed."""
    said = mentor("teach", "--env", "dice", "--teacher", "calm", "--store", "dice.db")
    assert "6 attempts verified" in said
    mentor("teacher", "export", "dice.db", "--format", "sheet", "--output", "rows.jsonl")
    rows = [json.loads(line) for line in (place / "rows.jsonl").read_text().splitlines()]
    assert [len(row["throws"]) for row in rows] == [2] * 6
    sheet = ("--env", "dice", "--format", "sheet")
    assert "6 verified" in mentor("teacher", "import", "again.db", "rows.jsonl", *sheet)
    (teacher,) = json.loads(mentor("teacher", "ls", "dice.db", "--json"))["teachers"]
    assert (teacher["teacher"], teacher["success"]) == ("calm", 1.0)


@pytest.fixture(scope="module")
def whole(mentor, place):
    """A run whose every part is the stranger's, but for the trainer that follows its own."""
    said = mentor("run", "--recipe", "whole", "--model", "embedded/dice", "--dry-run", code=2)
    assert "build it with: mentor student build dice" in said
    assert "saved to" in mentor("student", "build", "dice")
    said = mentor("run", "--recipe", "whole", *SMALL_SETTINGS, "--output", "whole")
    assert "student embedded/dice" in said
    assert "trained student" in said
    return place / "whole"


def test_a_run_is_made_of_the_strangers_parts(whole):
    steps = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    last = steps[-1]
    assert "end/error" not in last
    assert {"terms/brevity/mean", "critic/mean", "objective/logp"} <= set(last)
    assert last["imitation/rows"] == 2  # its lessons: a reference of each group
    # Its sampler takes the tasks in order, and its plan puts the worst in the place of the third.
    played = read_trajectories(whole / "trajectories" / "train.jsonl")
    tasks = [episode.task_id for episode in played[::2]]
    assert tasks[:2] + tasks[3:] == ["train-1", "train-2", "train-4"]
    assert tasks[2] in ("train-1", "train-2")
    before, warm, *said, after = (whole / "diary.txt").read_text().splitlines()
    assert (before[:8], warm[:6], after[:7]) == ("before: ", "warm: ", "after: ")
    assert said == ["step 1", "step 2"]
    assert (whole / "note.txt").read_text().startswith("success ")
    assert len(read_trajectories(whole / "references.jsonl")) == 6


def test_the_run_and_the_strangers_policy_are_evaluated(mentor, whole):
    found = json.loads(mentor("eval", whole, "--split", "eval", "--count", "2", "--json"))
    assert found["evaluations"]["eval"]["episodes"] == 2
    thrower = ("--env", "dice", "--policy", "thrower", "--set", "parser=prompt")
    wanted = ("--split", "eval", "--split", "many", "--json")
    found = json.loads(mentor("eval", *thrower, "--set", "gate=six_dice", *wanted))["evaluations"]
    assert [found[split]["success"] for split in ("eval", "many")] == [1.0, 0.0]
    assert found["many"]["call_failures"] == 1.0  # the gate: there are six dice
    asked = ("--set", "gate=judged", "--set", "judge=modest", "--set", "gate_options.threshold=0.5")
    found = json.loads(mentor("eval", *thrower, *asked, *wanted))["evaluations"]
    assert [found[split]["call_failures"] for split in ("eval", "many")] == [0.0, 1.0]


def test_a_page_shows_the_run(mentor, whole):
    assert "page " in mentor("report", whole, "--output", "page.html")
    page = (whole.parent / "page.html").read_text()
    assert "embedded/dice" in page


def test_the_users_command_trains(mentor, place):
    """`mentor run --env webshop --rewards teacher,outcome` works after pip install, as it is."""
    given = ("run", "--env", "webshop", "--rewards", "teacher,outcome", "--steps", "1")
    assert "trained student" in mentor(*given, *SMALL_SETTINGS, "--output", "webshop")
    assert (place / "webshop" / "model" / "config.json").is_file()
