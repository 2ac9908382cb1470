"""The sql environment: questions on databases, and three tools to look at them with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import DataError
from mentor_core.tools.tool import Tool, ToolError
from mentor_envs.generated import GeneratedEnv, read_aliases
from mentor_envs.sql.contents import build
from mentor_envs.sql.database import Database, Result
from mentor_envs.sql.matching import equal_results
from mentor_envs.sql.questions import generate
from mentor_envs.sql.showing import cut, show_result, show_table
from mentor_envs.sql.statements import canonical, find_statement, orders_rows
from mentor_envs.sql.tasks_file import database_path, read_tasks
from mentor_envs.sql.variants import Run, is_constant, quoted

__all__ = ["Sql"]

_MOST_GOLD_ROWS = 100_000
_GOLD_SECONDS = 60.0
_DONE = "Done."


class Sql(GeneratedEnv):
    """Questions on databases, answered by queries; Spider's and BIRD's files load.

    The answer is a query. The outcome is 1.0 if the query has the same result as the task's own
    (see `mentor_envs.sql.matching`), else 0.0. A final turn without a query means the last query
    that ran.
    """

    class Options(GeneratedEnv.Options):
        """Sizes and seed are for generated questions only."""

        databases: Path | None = Field(
            None, description="folder of <db_id>/<db_id>.sqlite; `database` beside tasks_file"
        )
        max_rows: int = Field(20, ge=1, description="most rows of a result that are shown")
        sample_rows: int = Field(2, ge=0, description="rows of a table that describe shows")
        query_seconds: float = Field(2.0, gt=0, le=60, description="time limit of a query")

        @model_validator(mode="after")
        def _complete(self) -> Self:
            if self.databases is not None and self.tasks_file is None:
                raise ValueError("databases needs tasks_file, the questions to ask about them")
            return self

    name: ClassVar[str] = "sql"
    system_prompt: ClassVar[str] = (
        "Answer the question with an SQLite query. Look at the tables, then run the query. "
        "Your last query is your answer: when it is right, write: Done."
    )
    shifts = {
        "phrasing": "wordings that train never uses",
        "domain": "databases of which half the tables are new",
        "tools": "eval's tasks, one of the tools renamed and described anew",
    }
    aliases = read_aliases(__package__)
    options: Options
    _open: tuple[str, Database] | None = None

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(self.list_tables), Tool(self.describe), Tool(self.query)]

    def generate(self, split: Split, size: int) -> Sequence[Task]:
        return generate(split, size, self.options.seed)

    def read_tasks(self, path: Path) -> list[Task]:
        """See `mentor_envs.sql.tasks_file`."""
        return read_tasks(path, self._databases(path))

    # The tools ------------------------------------------------------------------------------

    def list_tables(self) -> str:
        """List the tables of the database."""
        return cut(", ".join(self.database.tables)) or "(no tables)"

    def describe(self, table: str) -> str:
        """Show the columns of a table, their types, its foreign keys and its first rows.

        Args:
            table: name of the table.
        """
        found = self.database.table(table)
        lines = [show_table(found)]
        if self.options.sample_rows:
            try:
                result = self._run(f"SELECT * FROM {quoted(found.name)}", self.options.sample_rows)
            except ToolError as error:
                lines.append(f"(rows cannot be shown: {error})")
            else:
                lines += show_result(result)
        return "\n".join(lines)

    def query(self, sql: str) -> str:
        """Run one SELECT query and show its result.

        Args:
            sql: the query, for SQLite.
        """
        result = self._run(sql, self.options.max_rows)
        lines = show_result(result)
        shown = len(lines) - 1
        if shown < len(result.rows) or not result.complete:
            lines.append(f"(first {shown} rows; there are more)")
        return "\n".join(lines)

    def _run(self, sql: str, rows: int) -> Result:
        return self.database.run(sql, rows=rows, seconds=self.options.query_seconds)

    # Answer and outcome -----------------------------------------------------------------------

    def read_answer(self, content: str) -> str | None:
        """The query that a turn gives, else the last one that ran without an error."""
        if not content.strip():
            return None
        ran = [
            str(call.arguments["sql"])
            for turn in self.turns
            for call in turn.calls
            if call.name == "query" and call.failure is None
        ]
        return find_statement(content) or (ran[-1] if ran else None)

    def verify(self) -> float | None:
        """1.0 if the answer has the result of the task's query, else 0.0; None without such a
        query.

        If the task's query reads tables, an answer that reads none of them is a guess and wrong. So
        is an answer whose result a constant could give (see `mentor_envs.sql.variants`).

        Raises:
            DataError: the task's own query fails; names its row.
        """
        if self.task is None or self.task.answer is None:
            return None
        if self.answer is None:
            return 0.0
        gold = self._gold(self.task)
        try:
            got = self._run(self.answer, len(gold.rows) + 1)
        except ToolError:
            return 0.0
        query, answer = str(self.task.answer), self.answer
        if len(got.columns) != len(gold.columns):
            return 0.0
        if not equal_results(gold.rows, got.rows, ordered=orders_rows(query)):
            return 0.0
        if not gold.tables:
            return 1.0
        if not gold.tables & got.tables:
            return 0.0
        seconds = self.options.query_seconds
        return float(not is_constant(self.database, Run(query, gold), Run(answer, got), seconds))

    def expert(self, task: Task) -> Expert | None:
        """Lists the tables, describes the needed ones and runs the task's query.

        None if the task has no query, or if `max_turns` are too few.
        """
        if task.answer is None:
            return None
        needed = sorted(self._gold(task).tables)
        return _play(needed, str(task.answer)) if len(needed) + 3 <= self.max_turns else None

    def canonical(self, call: Call) -> str | None:
        """Equal for queries, and names of tables, that differ in white space and case only."""
        match call.name, call.arguments:
            case "query", {"sql": str(sql)}:
                return f"query {canonical(sql)}"
            case "describe", {"table": str(table)}:
                return f"describe {table.strip().lower()}"
            case _:
                return None

    # Databases --------------------------------------------------------------------------------

    @property
    def database(self) -> Database:
        """The database of the current task; opened on first use."""
        assert self.task is not None
        return self._database_of(self.task)

    def close(self) -> None:
        super().close()
        self._close_database()

    def _database_of(self, task: Task) -> Database:
        name = str(task.metadata["database"])
        if self._open is None or self._open[0] != name:
            self._close_database()
            self._open = (name, Database(self._source(name)))
        return self._open[1]

    def _source(self, name: str) -> Path | bytes:
        if self.options.tasks_file is None:
            return build(name, self.options.seed)
        return database_path(self._databases(self.options.tasks_file), name)

    def _databases(self, tasks_file: Path) -> Path:
        return self.options.databases or tasks_file.parent / "database"

    def _close_database(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _gold(self, task: Task) -> Result:
        where = task.metadata.get("where", f"task {task.id!r}")
        try:
            result = self._database_of(task).run(
                str(task.answer), rows=_MOST_GOLD_ROWS, seconds=_GOLD_SECONDS
            )
        except ToolError as error:
            raise DataError(f"{where}: its query fails: {error}") from None
        if not result.complete:
            raise DataError(f"{where}: its query has more than {_MOST_GOLD_ROWS:,} rows")
        return result


def _play(needed: list[str], query: str) -> Expert:
    calls = [Call("list_tables", {})]
    calls += [Call("describe", {"table": table}) for table in needed]
    for call in [*calls, Call("query", {"sql": query})]:
        (done,) = yield "", [call]
        if done.failure:
            return
    yield _DONE, []
