"""`mentor teach`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mentor_core.contracts.task import Split
from mentor_core.support.errors import ConfigError, MentorError, RunError
from mentor_runs.command_line.options import (
    PATH,
    component_options,
    configuration,
    configuration_options_without,
)
from mentor_toolkit.lines import print_line

if TYPE_CHECKING:
    from rich.console import Console

    from mentor_plugins.commands.collect import Tally, Wanted
    from mentor_plugins.teacher_store.ledger import Budget, Ledger
    from mentor_runs.settings.config import RunConfig

__all__ = ["command", "fill"]


class _Shard(click.ParamType[tuple[int, int]]):
    """I/N: part I of N, counted from 1."""

    name = "I/N"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        part, slash, parts = str(value).partition("/")
        whole = slash and part.isdecimal() and parts.isdecimal()
        if not whole or not 1 <= int(part) <= int(parts):
            self.fail(f"expected I/N with I from 1 to N, such as 1/4, not {value!r}", param, ctx)
        return int(part) - 1, int(parts)


class _Temperatures(click.ParamType[tuple[float, ...]]):
    """Numbers with commas between them."""

    name = "T,T,…"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        try:
            numbers = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            numbers = ()
        if not numbers or not all(0 <= number <= 10 for number in numbers):
            self.fail(f"expected temperatures such as 0,0.7,1, not {value!r}", param, ctx)
        return numbers


@click.command("teach", short_help="Let a teacher solve tasks, and keep verified attempts.")
@click.option("--teacher", required=True, metavar="NAME", help="expert, openai, hf, saved, …")
@click.option("--model", metavar="MODEL", help="The teacher's model, if the teacher has one.")
@click.option(
    "--tasks", metavar="N|FILE", help="Most tasks; or a file of tasks of your own, .jsonl."
)
@configuration_options_without("model", "tasks")
@click.option(
    "--option",
    "given",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the teacher, such as base_url=https://…; may be repeated.",
)
@click.option(
    "--store",
    type=PATH,
    default=Path("teacher.db"),
    show_default=True,
    metavar="FILE",
    help="The teacher store; made if it is not there.",
)
@click.option(
    "--split",
    metavar="NAME",
    default="train",
    show_default=True,
    help="train, eval, ood, or a shift of the environment.",
)
@click.option("--count", type=click.IntRange(min=1), help="Most tasks of a --tasks FILE.")
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Verified attempts that end the work on a task.",
)
@click.option(
    "--attempts",
    type=click.IntRange(min=1),
    help="Most attempts at a task.  [default: 4, or twice --samples if that is more]",
)
@click.option(
    "--temperatures",
    type=_Temperatures(),
    default="0,0.7,1",
    show_default=True,
    help="For a task's first attempt, its second, …; the last one repeats.",
)
@click.option("--shard", type=_Shard(), default="1/1", help="Do part I of N of the tasks.")
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DOLLARS",
    help="Send no request once the store's ledger has cost so much; needs --prices.",
)
@click.option(
    "--max-requests",
    type=click.IntRange(min=1),
    help="Send no request once the store's ledger has so many.",
)
@click.option(
    "--max-minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Begin no request after so many minutes.",
)
@click.option("--prices", type=PATH, metavar="FILE", help="TOML table: model → dollars.")
def command(
    teacher: str,
    given: tuple[str, ...],
    store: Path,
    split: Split,
    count: int | None,
    samples: int,
    attempts: int | None,
    temperatures: tuple[float, ...],
    shard: tuple[int, int],
    max_cost: float | None,
    max_requests: int | None,
    max_minutes: float | None,
    prices: Path | None,
    model: str | None,
    tasks: str | None,
    **options: Any,
) -> None:
    """Let a teacher attempt tasks; replay each attempt, and keep the attempt in a store.

    Attempts in the store are not asked for again. No answer is paid for twice, whatever ended the
    collection. The same command resumes an interrupted collection.

    \b
    mentor teach --env calculator --teacher expert --tasks 256
    mentor teach --teacher openai --model NAME --option base_url=https://… --samples 2
    mentor run --env calculator --teacher teacher.db
    """
    from rich.console import Console

    from mentor_plugins.commands.collect import Wanted
    from mentor_plugins.teacher_store.ledger import Budget

    file = None if tasks is None or tasks.isdecimal() else Path(tasks)
    if tasks is not None and file is None:
        if count is not None:
            raise ConfigError("--tasks N and --count both say how many tasks; give one")
        count = int(tasks)
        if count < 1:
            raise ConfigError("--tasks 0: expected at least one task")
    config = configuration(**options, tasks=file, model=None)
    wanted = Wanted(split, count, samples, attempts or max(4, 2 * samples), temperatures, *shard)
    budget = Budget(max_cost, max_requests, max_minutes)
    chosen = _options(given, model)
    fill(config, teacher, chosen, store, wanted, Console(), budget, prices)


def fill(
    config: RunConfig,
    name: str,
    options: Mapping[str, Any],
    path: Path,
    wanted: Wanted,
    console: Console,
    budget: Budget | None = None,
    prices: Path | None = None,
) -> Tally:
    """Fill a store with a teacher's attempts, and print the result.

    Raises:
        click.Abort: somebody asked to stop.
        MentorError: a setting is wrong, or the teacher cannot be asked.
    """
    from mentor_core.door.registry import TEACHERS, create
    from mentor_plugins.commands.collect import Collector
    from mentor_plugins.commands.interrupts import interrupts
    from mentor_plugins.teacher_store.ledger import Budget, Ledger
    from mentor_plugins.teacher_store.prices import Prices
    from mentor_plugins.teacher_store.store import TeacherStore
    from mentor_runs.assembly.assemble import assemble
    from mentor_runs.settings.hidden import refuse_hidden
    from mentor_runs.settings.keys import given_as
    from mentor_toolkit.disk import lock

    refuse_hidden({"env_options": config.env_options})
    with given_as("--option "):
        teacher = create(TEACHERS, name, options)
    budget = budget or Budget()
    model = teacher.provenance().model
    table = Prices.read(prices, model) if prices is not None else Prices(model=model)
    if budget.cost is not None and table.of(model) is None:
        raise ConfigError(
            f"--max-cost needs the price of {model!r}: give --prices FILE with "
            f'["{model}"] prompt = … completion = …, in US dollars for a million tokens'
        )
    parts = assemble(config)
    if not path.parent.is_dir():
        raise ConfigError(f"--store {path}: there is no directory {path.parent}")
    store = TeacherStore.open(path, create=True)
    with store.database:
        key = store.teacher(name, teacher.identity)
        guard = path.with_name(f"{path.name}.{key[:8]}.{wanted.shard + 1}-of-{wanted.shards}.lock")
        try:
            held = lock(guard)
        except RunError as error:
            raise RunError(
                f"{path} is being filled by another process with this teacher and shard; wait "
                "for it, or split the work with --shard"
            ) from error
        try:
            with interrupts() as interrupted:
                ledger = Ledger(store.database, key, table, budget, interrupted)
                collector = Collector(parts, teacher, name, store, ledger, wanted, console)
                try:
                    tally = collector.collect()
                except MentorError:
                    _tell(console, collector.tally, ledger, path)
                    raise
        finally:
            guard.unlink(missing_ok=True)
            held.close()
        _tell(console, tally, ledger, path)
    if ledger.broken:
        raise RunError(f"{ledger.stopped}; what was collected before is kept")
    if interrupted():
        raise click.Abort
    return tally


def _options(given: Sequence[str], model: str | None) -> dict[str, Any]:
    """The teacher's options, from `--option` and `--model`."""
    options = component_options(given)
    if model is not None:
        if "model" in options:
            raise ConfigError("--model and --option model= both name the teacher's model")
        options["model"] = model
    return options


def _tell(console: Console, tally: Tally, ledger: Ledger, path: Path) -> None:
    """Print the result of a collection, line by line."""
    say = _plain(console)
    made = tally.verdicts
    before = f", {tally.before} attempts were there before" if tally.before else ""
    say(
        f"{tally.complete} of {tally.tasks} tasks have what was wanted; "
        f"{made['verified']} attempts verified, {made['trusted']} taken on trust, "
        f"{made['refused']} refused, {tally.broken} broken{before}"
    )
    for why, count in tally.reasons.most_common():
        example = tally.examples.get(why)
        say(f"  {count}: {why}" + (f" (the first: {example})" if example else ""))
    requests, cost = ledger.spent
    if requests:
        spent = "cost unknown: no --prices" if cost is None else f"${cost:.4f}"
        say(f"ledger: {requests} requests, {spent}")
    if ledger.stopped and not ledger.broken:
        say(f"stopped: {ledger.stopped}")
    say(f"store: {path}")


def _plain(console: Console) -> Any:
    return lambda line: print_line(console, line)
