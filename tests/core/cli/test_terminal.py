"""The terminal: completion of shells, colours, and narrow windows."""

import os
import re
import subprocess
import sys

import pytest


def mentor(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_shell_gets_a_script_for_its_completion(shell):
    assert "_MENTOR_COMPLETE" in mentor(_MENTOR_COMPLETE=f"{shell}_source")


def test_commands_and_options_are_completed():
    words = {"_MENTOR_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    assert "plain,doctor" in mentor(**words, COMP_WORDS="mentor doc")
    words["COMP_CWORD"] = "2"
    assert "plain,--json" in mentor(**words, COMP_WORDS="mentor doctor --js")
    assert "plain,credit" in mentor(**words, COMP_WORDS="mentor new cr")


def test_help_fits_60_columns_and_no_color_is_heeded():
    for arguments in (("--help",), ("rewards",)):
        shown = mentor(*arguments, COLUMNS="60", NO_COLOR="1", FORCE_COLOR="1")
        assert not re.search(r"\x1b\[[\d;]*[39][0-7]m", shown), arguments
        plain = re.sub(r"\x1b\[[\d;]*m", "", shown)  # bold and italic stay
        assert max(map(len, plain.splitlines())) <= 60, arguments
