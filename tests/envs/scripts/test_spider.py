"""Spider: InterCode's dump converted and its own queries run."""

from __future__ import annotations

import json

import pytest

from mentor_core.support.errors import DataError
from mentor_envs.sql.env import Sql
from spider import convert, main

DUMP = "USE `zoo`; CREATE TABLE `animal` (`id` int); INSERT INTO `animal` VALUES (1),(2);"
ROW = {"db": "zoo", "query": "How many animals?", "gold": "SELECT COUNT(*) FROM animal"}


@pytest.fixture
def small(tmp_path):
    (tmp_path / "dump.sql").write_text(DUMP)
    rows = [
        ROW,
        ROW | {"gold": "SELECT id FROM animal WHERE id > 5"},
        ROW | {"gold": "SELECT name FROM animal"},
    ]
    (tmp_path / "dev.json").write_text(json.dumps(rows))
    return tmp_path


def test_a_conversion_says_what_it_did(small, capsys):
    out = small / "out"
    report = convert(small / "dump.sql", small / "dev.json", out)
    assert (report.databases, report.questions, report.ran) == (1, 3, 2)
    assert report.empty == ["row-2"]
    assert report.failed == [(f"{small / 'dev.json'}: row 3", "no such column: name")]
    assert len((out / "tasks.jsonl").read_text().splitlines()) == 2
    paths = [str(small / "dump.sql"), str(small / "dev.json"), str(out)]
    assert main([*paths, "--skip-empty"]) == 0
    assert "2  queries that run" in capsys.readouterr().out
    assert len((out / "tasks.jsonl").read_text().splitlines()) == 1


def test_broken_questions_are_named(small, capsys):
    path = small / "dev.json"
    for row, expected in (
        (ROW | {"db": "zo"}, "no database 'zo'"),
        ({"db": "zoo", "query": "?"}, "no key 'gold'"),
    ):
        path.write_text(json.dumps([ROW, row]))
        with pytest.raises(DataError, match=rf"dev\.json: row 2: {expected}"):
            convert(small / "dump.sql", path, small / "out")
    assert main([str(small / "dump.sql"), str(path), str(small / "out")]) == 2
    assert "Error: " in capsys.readouterr().err
    path.write_text(json.dumps([ROW]))
    assert main([str(small / "dump.sql"), str(path), str(path)]) == 2  # a file, no folder
    assert "Error: " in capsys.readouterr().err


def test_all_queries_of_spider_run_and_its_experts_solve_them(shared_data, tmp_path):
    folder = shared_data / "spider"
    if not folder.is_dir():
        pytest.skip("no Spider in ../shared/data")
    report = convert(
        folder / "ic_spider_dbs.sql.gz", folder / "ic_spider_dev.json.gz", tmp_path / "spider"
    )
    assert (report.databases, report.questions, report.ran) == (20, 1034, 1034)
    assert len(report.empty) == 91
    env = Sql(tasks_file=tmp_path / "spider" / "tasks.jsonl", max_turns=10)
    sizes = [len(env.tasks(split)) for split in ("train", "eval", "ood")]
    assert sizes == [722, 80, 232]
    for task in [task for split in ("train", "eval", "ood") for task in env.tasks(split)[::7]]:
        env.reset(options={"task": task})
        env.step(f"SQL: {task.answer}")
        assert env.verify() == 1.0, task
    env.close()
