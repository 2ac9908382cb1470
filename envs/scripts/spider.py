"""InterCode's copy of Spider, turned into SQLite databases and a file of tasks.

    python envs/scripts/spider.py ic_spider_dbs.sql ic_spider_dev.json FOLDER

writes `FOLDER/database/<db_id>/<db_id>.sqlite`, which is Spider's own layout, and
`FOLDER/tasks.jsonl`, and prints how many of the queries run. Questions whose query does not run
are left out. Every fifth database, in the order of the alphabet, is in the shift `domain`.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mentor_core.support.errors import DataError, MentorError, nearest
from mentor_core.tools.tool import ToolError
from mentor_envs.rows import read_rows
from mentor_envs.sql.database import Database
from mentor_envs.sql.tasks_file import database_path
from mysql_dump import read_dump, write_sqlite

__all__ = ["Report", "convert"]

_EXAMPLE = '{"db": …, "query": …, "gold": …}'
_OOD_EVERY = 5
_MOST_ROWS = 100_000
_SECONDS = 60.0


@dataclass(slots=True)
class Report:
    """The result of a conversion.

    Attributes:
        databases: number of databases.
        questions: number of rows read.
        empty: ids of tasks whose query gives no row.
        failed: (row, reason) of the questions whose query does not run.
    """

    databases: int = 0
    questions: int = 0
    empty: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ran(self) -> int:
        return self.questions - len(self.failed)


def convert(dump: Path, questions: Path, folder: Path, *, skip_empty: bool = False) -> Report:
    """Write databases and tasks into `folder`; see the module.

    Args:
        dump: MySQL dump of the databases; may be compressed (`.gz`).
        questions: JSON list of objects with db, query (the question) and gold (the query).
        skip_empty: leave out questions whose query gives no row, as every query without rows would
            be right.

    Raises:
        DataError: a file cannot be read or is damaged; names file and row.
    """
    report = Report()
    tables = read_dump(dump)
    rows = read_rows(questions, _EXAMPLE)
    databases: dict[str, Database] = {}
    try:
        for name in sorted(tables):
            path = database_path(folder / "database", name)
            write_sqlite(path, tables[name])
            databases[name] = Database(path)
        report.databases = len(databases)
        unseen = sorted(databases)[_OOD_EVERY - 1 :: _OOD_EVERY]
        lines = []
        for row in rows:
            name, gold, question = row.text("db"), row.text("gold"), row.text("query")
            if name not in databases:
                raise DataError(
                    f"{row.where}: no database {name!r} in {dump}{nearest(name, databases)}"
                )
            task = {"id": f"row-{row.number}", "db_id": name, "question": question, "query": gold}
            if name in unseen:
                task["split"] = "domain"
            report.questions += 1
            try:
                result = databases[name].run(gold, rows=_MOST_ROWS, seconds=_SECONDS)
            except ToolError as error:
                report.failed.append((row.where, str(error)))
                continue
            if not result.rows:
                report.empty.append(task["id"])
                if skip_empty:
                    continue
            lines.append(json.dumps(task, ensure_ascii=False) + "\n")
    finally:
        for database in databases.values():
            database.close()
    (folder / "tasks.jsonl").write_text("".join(lines), encoding="utf-8")
    return report


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser("python envs/scripts/spider.py")
    for name in ("dump", "questions", "folder"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--skip-empty", action="store_true")
    try:
        report = convert(**vars(parser.parse_args(arguments)))
    except (MentorError, OSError, sqlite3.Error) as error:  # the last two: FOLDER
        sys.stderr.write(f"Error: {error}\n")
        return 2
    reasons = Counter(reason for _, reason in report.failed)
    counts = {
        "databases": report.databases,
        "questions": report.questions,
        "queries that run": report.ran,
        "of them without rows": len(report.empty),
        **{f"left out: {reason}": count for reason, count in reasons.most_common()},
    }
    sys.stdout.writelines(f"{count:6d}  {name}\n" for name, count in counts.items())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
