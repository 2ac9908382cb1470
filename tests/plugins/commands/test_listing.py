"""`mentor envs`, `mentor rewards`, `mentor plugins`, and the help."""

import json
import os
import subprocess
import sys

import click
import pytest

from mentor_core.door.registry import (
    COMMANDS,
    COMPOSERS,
    ENVIRONMENTS,
    PRESETS,
    REWARD_TERMS,
    load,
    names,
)


def first_words(text):
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def test_every_environment_is_listed_with_its_options_and_origin(mentor):
    out, err = mentor("envs")
    assert set(names(ENVIRONMENTS)) <= first_words(out)
    assert "train_size=4096" in out
    assert "mentor-core" in out
    assert err == ""


def test_reward_terms_composers_and_presets_are_listed_with_their_options(mentor):
    out, _ = mentor("rewards")
    for kind in (REWARD_TERMS, COMPOSERS, PRESETS):
        assert f"{kind.name}s" in out
        assert set(names(kind)) <= first_words(out)
    assert "mode='flexible'" in out
    assert "broken" not in out


BROKEN = {
    "a plugin that cannot be imported": ("1 / 0\n", "ZeroDivisionError"),
    "a name whose target is not there": (
        """
from mentor_core import hookimpl


@hookimpl
def mentor_reward_terms():
    return {"thrift": "plug_7:Absent"}
""",
        "has no attribute 'Absent'",
    ),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN)
def test_plugins_ends_with_1_where_something_is_broken(tmp_path, source, reason):
    """A script that installs plugins would go on with half of them."""
    (tmp_path / "plug_7.py").write_text(source)
    installed = tmp_path / "plug_7-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: plug-7\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[mentor]\nplug = plug_7\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", "plugins"],
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert reason in done.stdout
    assert "plug-7" in done.stdout


def test_plugins_ends_with_0_where_all_is_well(mentor):
    out, _ = mentor("plugins")
    assert "broken:" not in out
    assert "broken plugin" not in out


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_window_is_kept_to(mentor, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    out, _ = mentor("envs")
    assert max(map(len, out.splitlines())) <= columns


@pytest.mark.parametrize("help_option", ["-h", "--help"])
def test_the_help_names_every_command(mentor, help_option):
    out, _ = mentor(help_option)
    shown = {name for name in names(COMMANDS) if not load(COMMANDS, name).hidden}
    assert shown <= first_words(out)
    assert "broken" not in out


@pytest.mark.parametrize("command", names(COMMANDS))
def test_every_command_explains_itself(mentor, command):
    out, _ = mentor(command, "--help")
    assert out.startswith(f"Usage: mentor {command}")
    assert out.count("--debug") == 1


def test_a_commands_own_exit_code_reaches_the_shell(mentor, monkeypatch):
    """A check that fails with `ctx.exit(3)` would pass in every script."""
    ends = lambda **_: click.get_current_context().exit(3)  # noqa: E731
    monkeypatch.setattr(load(COMMANDS, "envs"), "callback", ends)
    mentor("envs", code=3)


def test_programs_read_the_same_list(mentor, outsider):
    found = json.loads(mentor("envs", "--json")[0])["plugins"]["environments"]
    dice = next(row for row in found if row["name"] == "dice")
    assert (dice["distribution"], dice["problem"]) == ("mentor-plugin-xyz", None)
    shown = json.loads(mentor("rewards", "--json")[0])["plugins"]
    assert set(shown) == {"reward_terms", "composers", "presets"}
    (arguments,) = (row for row in shown["reward_terms"] if row["name"] == "arguments")
    assert arguments["options"]["mode"] == "'graded'"
