"""`mentor teacher`: look at a teacher store, verify, export, import and clean it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mentor_core.support.errors import ConfigError, MentorError, RunError
from mentor_runs.command_line.json_output import json_option, print_json
from mentor_runs.command_line.options import (
    PATH,
    component_options,
    configuration,
    configuration_options,
    limit_option,
)
from mentor_runs.command_line.tables import print_table

if TYPE_CHECKING:
    from mentor_core.contracts.record_format import RecordFormat
    from mentor_plugins.teacher_store.store import Stored, TeacherStore, Verdict

__all__ = ["group"]

_VERDICTS: tuple[Verdict, ...] = ("verified", "trusted", "refused")

_FORMAT = click.option(
    "--format",
    "name",
    default="mentor",
    show_default=True,
    metavar="NAME",
    help="mentor, openai, anthropic, trl, sharegpt, …; see `mentor plugins`.",
)
_OPTION = click.option(
    "--option", "given", multiple=True, metavar="KEY=VALUE", help="An option of the format."
)
_STORE = click.argument("store", type=PATH)
_ENV = click.option("--env", metavar="NAME", help="Only attempts in this environment.")
_VERDICT = click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    type=click.Choice(_VERDICTS),
    help="Only attempts with this verdict; may be repeated.",
)


@click.group("teacher", short_help="Look at a teacher store, verify it, export, import.")
def group() -> None:
    """Look at a teacher store, which `mentor teach` fills: attempts, verdicts and costs."""


@group.command("ls", short_help="List teachers: attempts, requests, cost.")
@_STORE
@json_option
def listing(store: Path, as_json: bool) -> None:
    """List the teachers of STORE: attempts by verdict, calls, requests, tokens and cost."""
    from mentor_plugins.teacher_store.figures import teachers

    with _open(store).database as database:
        rows = teachers(database)
    if as_json:
        print_json(teachers=rows)
        return
    for title, names in (("attempts", _ATTEMPTS), ("ledger", _LEDGER)):
        _print(title, [{name: row[name] for name in names} for row in rows])


@group.command(short_help="Count tasks by verified attempts.")
@_STORE
@json_option
def stats(store: Path, as_json: bool) -> None:
    """Say how many tasks have none, one or several verified attempts, by environment and split.

    Tasks that no teacher attempted are not known to the store and not counted.
    """
    from mentor_plugins.teacher_store.figures import coverage

    with _open(store).database as database:
        rows = coverage(database)
    if as_json:
        print_json(coverage=rows)
    else:
        _print("coverage", rows)


@group.command(short_help="Read attempts.")
@_STORE
@_ENV
@_VERDICT
@click.option("--task", metavar="ID", help="Only attempts at this task.")
@limit_option(3, "attempts")
@json_option
def show(
    store: Path,
    env: str | None,
    verdicts: tuple[Verdict, ...],
    task: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Read attempts in the terminal, and why they were refused."""
    from rich.console import Console

    from mentor_plugins.commands.show import episode

    console, shown = Console(), 0
    rows: list[Stored] = []
    opened = _open(store)
    with opened.database:
        for attempt in opened.stream(env, verdicts or _VERDICTS):
            if task is not None and attempt.trajectory.task_id != task:
                continue
            if shown == limit:
                break
            shown += 1
            if as_json:
                rows.append(attempt)
                continue
            console.print(episode(attempt.trajectory, None))
            why = f": {attempt.reason} {attempt.example}".rstrip(": ") if attempt.reason else ""
            line = f"attempt {attempt.number}, {attempt.verdict}{why}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
            if attempt.trajectory.provenance is not None:
                console.print(attempt.trajectory.provenance, soft_wrap=True)
    if not shown:
        raise RunError(f"{store} has no attempt that is all that the options ask for")
    if as_json:
        print_json(attempts=rows)


@group.command(short_help="Replay every attempt again.")
@_STORE
@configuration_options
def verify(store: Path, **options: Any) -> None:
    """Replay every attempt at the tasks of an environment once more, and correct the verdicts.

    Ends with exit code 1 if an attempt was verified before and is no more.
    """
    from rich.console import Console

    from mentor_core.contracts.task import SPLITS
    from mentor_plugins.commands.collect import verdict_on
    from mentor_plugins.teacher_store.store import task_hash
    from mentor_runs.assembly.assemble import assemble
    from mentor_toolkit.progress_bar import bar

    parts = assemble(configuration(**options))
    console, worse, changed, unknown = Console(), 0, 0, 0
    opened = _open(store)
    with opened.database:
        for domain in parts.domains.values():
            tasks = {task.id: task for split in SPLITS for task in domain.tasks(split)}
            ((total,),) = opened.database.rows(
                "SELECT COUNT(*) FROM attempts WHERE env = ?", (domain.name,)
            )
            with bar(console, f"{domain.name}", total) as shown:
                for attempt in opened.stream(domain.name):
                    shown.advance()
                    task = tasks.get(attempt.trajectory.task_id)
                    if task is None or task_hash(task) != attempt.task_hash:
                        unknown += 1
                        continue
                    verdict, why, example = verdict_on(attempt.trajectory, task, domain.env)
                    if verdict != attempt.verdict:
                        changed += 1
                        worse += attempt.verdict != "refused"
                        opened.set_verdict(attempt.key, verdict, why, example)
                        shown.say(
                            f"{attempt.trajectory.task_id}: {attempt.verdict} → {verdict}"
                            f"{f': {why} {example}' if why else ''}"
                        )
    click.echo(f"{changed} verdicts changed, {unknown} attempts are of other tasks")
    if worse:
        click.get_current_context().exit(1)


@group.command(short_help="Write attempts in any record format.")
@_STORE
@_ENV
@_VERDICT
@click.option("--output", type=PATH, required=True, metavar="FILE", help="A new .jsonl file.")
@_FORMAT
@_OPTION
@click.option(
    "--scrub", is_flag=True, help="Replace secrets and personal data, before others see the file."
)
def export(
    store: Path,
    env: str | None,
    verdicts: tuple[Verdict, ...],
    output: Path,
    name: str,
    given: tuple[str, ...],
    scrub: bool,
) -> None:
    """Write attempts as rows of any record format; the verified ones if no --verdict is given."""
    from mentor_plugins.record_formats.files import write_file

    if not output.parent.is_dir():
        raise ConfigError(f"--output {output}: there is no directory {output.parent}")
    if output.exists():
        raise RunError(f"{output} exists; choose another --output")
    record_format, opened = _record_format(name, given), _open(store)
    with opened.database:
        attempts = opened.stream(env, verdicts or ("verified",))
        tools = _tools({env} if env else set(_environments(opened)))
        written = write_file(
            output,
            (attempt.trajectory for attempt in attempts),
            record_format,
            tools=tools,
            scrub=scrub,
        )
    click.echo(f"{written.count} trajectories in {output}")
    for refused in written.refused[:5]:
        click.echo(f"  not written: {refused.why}")
    if len(written.refused) > 5:
        click.echo(f"  and {len(written.refused) - 5} more")


@group.command("import", short_help="Take over stores, or rows of others.")
@_STORE
@click.argument("files", nargs=-1, required=True, type=PATH)
@configuration_options
@_FORMAT
@_OPTION
def import_(
    store: Path, files: tuple[Path, ...], name: str, given: tuple[str, ...], **options: Any
) -> None:
    """Take over other stores (.db), or rows of any record format, which are replayed on arrival.

    Rows need --env and its options, as every attempt is replayed in its environment.
    """
    from mentor_plugins.commands.take_over import take_over

    stores = [file for file in files if _is_sqlite(file)]
    others = [file for file in files if file not in stores]
    config = configuration(**options) if others else None
    opened = _open(store, create=True)
    with opened.database:
        for file in stores:
            click.echo(f"{file}: {opened.merge(file)} attempts are new")
        if config is not None:
            record_format = _record_format(name, given)
            for line in take_over(config, opened, others, record_format):
                click.echo(line)


@group.command(short_help="Delete replies that nobody needs.")
@_STORE
@click.option("--refused", is_flag=True, help="Also delete refused attempts.")
def gc(store: Path, refused: bool) -> None:
    """Delete replies of servers, which only an interrupted collection needs; the ledger stays."""
    opened = _open(store)
    before = store.stat().st_size
    with opened.database:
        with opened.database.writing() as connection:
            connection.execute("UPDATE requests SET reply = NULL WHERE reply IS NOT NULL")
            if refused:
                connection.execute("DELETE FROM attempts WHERE verdict = 'refused'")
        opened.database.compact()
    click.echo(f"{before:,} → {store.stat().st_size:,} bytes")


_WHO = ("teacher", "model", "environment")
_ATTEMPTS = (*_WHO, "tasks", "verified", "trusted", "refused", "success", "mean_calls")
_LEDGER = (
    *_WHO[:2],
    "requests",
    "unanswered",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "cost_per_verified",
)


def _open(store: Path, create: bool = False) -> TeacherStore:
    from mentor_plugins.teacher_store.store import TeacherStore

    return TeacherStore.open(store, create)


def _record_format(name: str, given: Sequence[str]) -> RecordFormat:
    from mentor_core.door.registry import RECORD_FORMATS, create
    from mentor_runs.settings.keys import given_as

    with given_as("--option "):
        return create(RECORD_FORMATS, name, component_options(given))


def _environments(store: TeacherStore) -> list[str]:
    return [env for (env,) in store.database.rows("SELECT DISTINCT env FROM attempts")]


def _tools(envs: Iterable[str]) -> list[dict[str, Any]]:
    """The schemas of the environments' tools; an environment that needs options is left out."""
    from mentor_core.door.registry import ENVIRONMENTS, create

    found: dict[str, dict[str, Any]] = {}
    for env in envs:
        with suppress(MentorError):
            for schema in create(ENVIRONMENTS, env).schemas:
                found.setdefault(schema["function"]["name"], schema)
    return [*found.values()]


def _is_sqlite(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(16) == b"SQLite format 3\0"
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error


def _print(title: str, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        click.echo("the store is empty")
        return
    columns = [name.replace("_", " ") for name in rows[0]]
    print_table(title, columns, [[*map(_cell, row.values())] for row in rows])


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
