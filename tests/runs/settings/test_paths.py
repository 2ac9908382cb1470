"""Paths in settings are absolute, whatever kind of setting they are and wherever it is written."""

import shlex
from pathlib import Path

import pytest

from mentor_runs.settings.paths import anchored
from mentor_runs.settings.resolve import resolve

HERE = Path("/somewhere/else")


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"env_options": {"tasks_file": "t.jsonl"}}, {"env_options": {"tasks_file": "!/t.jsonl"}}),
        ({"env_options": {"tasks_file": "/t.jsonl"}}, {"env_options": {"tasks_file": "/t.jsonl"}}),
        (
            {"env": "sql", "env_options": {"tasks_file": "a/../t", "databases": "./db"}},
            {"env": "sql", "env_options": {"tasks_file": "!/t", "databases": "!/db"}},
        ),
        (
            {"env": "calculator,sql", "env_options": {"sql": {"databases": "db"}}},
            {"env": "calculator,sql", "env_options": {"sql": {"databases": "!/db"}}},
        ),
        (
            {"env": "bfcl", "env_options": {"data": "installed"}},
            {"env": "bfcl", "env_options": {"data": "installed"}},
        ),
        (
            {"env": "bfcl", "env_options": {"data": "bfcl"}},
            {"env": "bfcl", "env_options": {"data": "!/bfcl"}},
        ),
        (
            {"env": "functions", "env_options": {"tools": ["a.py:f", "pkg.mod:g", "b/c.py"]}},
            {"env": "functions", "env_options": {"tools": ["!/a.py:f", "pkg.mod:g", "!/b/c.py"]}},
        ),
        (
            {"env": "functions", "env_options": {"verify": "v.py:f", "system_prompt": "a.py"}},
            {"env": "functions", "env_options": {"verify": "!/v.py:f", "system_prompt": "a.py"}},
        ),
        (
            {"source": "saved", "source_options": {"files": ["a.jsonl", "/b.jsonl"]}},
            {"source": "saved", "source_options": {"files": ["!/a.jsonl", "/b.jsonl"]}},
        ),
        (
            {"reward": {"term_options": {"judge": {"cache": "judge.sqlite", "prompt": "x"}}}},
            {"reward": {"term_options": {"judge": {"cache": "!/judge.sqlite", "prompt": "x"}}}},
        ),
        ({"model": "./mine"}, {"model": "!/mine"}),
        ({"model": "student.gguf"}, {"model": "!/student.gguf"}),
        ({"model": "org/name"}, {"model": "org/name"}),
        ({"model": "embedded/calculator"}, {"model": "embedded/calculator"}),
        (
            {"env": "calculater", "env_options": {"x": 1}},
            {"env": "calculater", "env_options": {"x": 1}},
        ),
        ({"env": 3, "env_options": 4, "model": 5}, {"env": 3, "env_options": 4, "model": 5}),
        ({"reward": 3, "evaluate": []}, {"reward": 3, "evaluate": []}),
    ],
)
def test_a_path_is_relative_to_where_it_is_written(settings, found):
    def there(value):
        if isinstance(value, dict):
            return {key: there(item) for key, item in value.items()}
        if isinstance(value, list):
            return [there(item) for item in value]
        return value.replace("!", str(HERE)) if isinstance(value, str) else value

    assert anchored(settings, HERE) == there(found)
    assert anchored(anchored(settings, HERE), Path("/other")) == there(found)


def test_whose_options_they_are_may_be_said_elsewhere():
    given = {"env_options": {"databases": "db"}}
    assert anchored(given, HERE) == given
    chosen = {"env": "sql"}
    assert anchored(given, HERE, chosen) == {"env_options": {"databases": f"{HERE}/db"}}


def test_the_home_directory_is_written_out(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    found = anchored({"env_options": {"tasks_file": "~/t.jsonl"}}, HERE)
    assert found["env_options"]["tasks_file"] == "/home/me/t.jsonl"


def test_settings_that_are_resolved_have_absolute_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org").mkdir()
    config = resolve({"model": "org", "env_options": {"tasks_file": "t.jsonl"}})
    assert (config.model, config.env_options["tasks_file"]) == (
        str(tmp_path / "org"),
        str(tmp_path / "t.jsonl"),
    )


@pytest.mark.parametrize("command", ["python {}server.py --port 8", ["python", "{}server.py"]])
def test_the_files_of_a_command_are_paths_where_it_runs_in_no_directory_of_its_own(
    tmp_path, command
):
    (tmp_path / "server.py").touch()
    (tmp_path / "python").touch()
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "server.py").touch()
    spaced = {"env": "mcp", "env_options": {"command": "python server.py"}}
    found = anchored(spaced, tmp_path / "a b")["env_options"]["command"]
    assert shlex.split(found) == ["python", f"{tmp_path}/a b/server.py"]

    def written(before):
        if isinstance(command, str):
            return command.format(before)
        return [word.format(before) for word in command]

    given = {"env": "mcp", "env_options": {"command": written("")}}
    found = anchored(given, tmp_path)["env_options"]["command"]
    assert found == written(f"{tmp_path}/")
    given["env_options"]["workspace"] = "/work"
    assert anchored(given, tmp_path) == given
