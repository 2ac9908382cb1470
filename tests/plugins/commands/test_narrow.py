"""A terminal of 60 columns: no line is cut by the terminal, and no word by a table."""

import re

import pytest

from mentor_core.door.registry import COMMANDS, ENVIRONMENTS, KINDS, PRESETS, REWARD_TERMS, names

WIDTH = 60
TERMINAL = {"TTY_COMPATIBLE": "1", "TERM": "dumb", "COLUMNS": str(WIDTH), "LINES": "24"}
"""What makes rich write for a terminal of this width, and without colours."""


def too_wide(text):
    """Lines that the terminal would cut; commands to copy are left whole."""
    lines = (line for line in text.splitlines() if not re.match(r"\s+mentor ", line))
    return [line for line in lines if len(line.rstrip()) > WIDTH]


@pytest.fixture
def narrow(mentor, monkeypatch, tmp_path):
    def call(*arguments):
        for name, value in TERMINAL.items():
            monkeypatch.setenv(name, value)
        out, err = mentor(*arguments)
        said = out + err
        assert too_wide(said.replace(str(tmp_path), ".")) == []
        return out

    return call


@pytest.mark.parametrize("command", ["", *names(COMMANDS)])
def test_help(narrow, command):
    assert "Options:" in narrow(*command.split(), "--help")


@pytest.mark.parametrize(
    ("command", "kinds"),
    [("envs", [ENVIRONMENTS]), ("rewards", [REWARD_TERMS, PRESETS]), ("plugins", KINDS)],
)
def test_lists_have_whole_names_and_options(narrow, command, kinds):
    out = narrow(command)
    for kind in kinds:
        for name in names(kind):
            assert re.search(rf"(?<!\S){re.escape(name)}(?!\S)", out), name
    if command != "envs":
        assert "against='reference'" in out


def test_a_store_is_read(narrow, tmp_path):
    store = tmp_path / "teacher.db"
    narrow("teach", "--teacher", "expert", "--tasks", 2, "--store", store)
    for name in ("ls", "stats"):
        out = narrow("teacher", name, store)
        for word in ("calculator", "verified" if name == "ls" else "train"):
            assert word in out


def test_tasks_and_studies_are_read(narrow):
    assert "sum_numbers" in narrow("tasks", "calculator", "-n", 1)
    assert "ablations" in narrow("study")


def test_a_wide_terminal_has_tables(mentor):
    out, _ = mentor("rewards")
    assert re.search(r"^ ?name +┃ what it is", out, re.MULTILINE)


def test_a_pipe_gets_whole_lines(mentor, monkeypatch):
    """`mentor study | grep teacher` finds the study with its name."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))  # a shell may export it
    out, _ = mentor("study")
    assert re.search(r"^paper: .*teacher$", out, re.MULTILINE)
