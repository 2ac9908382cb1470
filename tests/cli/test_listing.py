"""`mentor envs`, `mentor rewards`, and the help."""

import click
import pytest

from mentor_core.registry import (
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


@pytest.mark.parametrize("help_option", ["-h", "--help"])
def test_the_help_names_every_command(mentor, help_option):
    out, _ = mentor(help_option)
    assert set(names(COMMANDS)) <= first_words(out)
    assert "broken" not in out


@pytest.mark.parametrize("command", names(COMMANDS))
def test_every_command_explains_itself(mentor, command):
    out, _ = mentor(command, "--help")
    assert out.startswith(f"Usage: mentor {command}")
    assert out.count("--debug") == 1


def test_a_commands_own_exit_code_reaches_the_shell(mentor, monkeypatch):
    """A check that fails with `ctx.exit(3)` would pass in every script."""
    ends = lambda: click.get_current_context().exit(3)  # noqa: E731
    monkeypatch.setattr(load(COMMANDS, "envs"), "callback", ends)
    mentor("envs", code=3)
