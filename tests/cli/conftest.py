"""The command line, called as the installed program is."""

import json
import sys

import pytest

from mentor_core.cli import main


@pytest.fixture
def mentor(monkeypatch, capsys):
    """mentor("run", "--dry-run", code=0) → what it wrote to (stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["mentor", *map(str, arguments)])
        found = 0
        try:
            main()
        except SystemExit as end:
            found = end.code
        written = capsys.readouterr()
        assert found == code, written
        return written

    return call


@pytest.fixture
def rows(tmp_path):
    """rows({"question": …}, "broken") → a file of tasks."""

    def write(*given):
        file = tmp_path / "tasks.jsonl"
        texts = [row if isinstance(row, str) else json.dumps(row) for row in given]
        file.write_text("".join(f"{text}\n" for text in texts))
        return file

    return write
