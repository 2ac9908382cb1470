"""`mentor doctor`: all distributions with plugins, the machine, and everything that is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from mentor_core.door.registry import (
    KINDS,
    Distribution,
    broken_plugins,
    distributions,
    entries,
)
from mentor_runs.command_line.json_output import console_for, json_option, print_json

if TYPE_CHECKING:
    from mentor_plugins.commands.machine import Fact

__all__ = ["command"]


@dataclass(slots=True)
class _Examined:
    """A distribution.

    Attributes:
        registers: kind → names.
        start_ms: time that each start of mentor spends on it.
        load_ms: time to import all that it registers, and what only it imports.
    """

    name: str
    version: str
    blocked: bool
    start_ms: float
    load_ms: float = 0.0
    registers: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@click.command("doctor", short_help="Examine the installation: plugins, versions, GPU, disk.")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Examine every distribution with plugins, Python, torch, the GPU and the disks.

    Everything that plugins register is loaded, and the time is measured. Ends with exit code 1 if
    something is broken. A distribution that is in the way: mentor --block DISTRIBUTION …
    """
    from mentor_plugins.commands.machine import facts

    found = [_examined(distribution) for distribution in distributions()]
    by_name = {one.name: one for one in found}
    for kind in KINDS:
        for entry in entries(kind):
            one = by_name[entry.distribution]
            one.registers.setdefault(kind.name, []).append(entry.name)
            one.load_ms += entry.seconds * 1000
            if entry.problem:
                one.problems.append(entry.problem)
    others = []
    for broken in broken_plugins():
        said = f"plugin {broken.plugin}: {broken.problem}"
        if broken.distribution in by_name:
            by_name[broken.distribution].problems.append(said)
        else:
            others.append(f"{broken.distribution}: {said}")
    machine = facts()
    problems = [f"{one.name}: {problem}" for one in found for problem in one.problems]
    problems += others
    problems += [f"{fact.name}: {fact.problem}" for fact in machine if fact.problem]
    if as_json:
        values = {fact.name.replace(" ", "_"): fact.value for fact in machine}
        print_json(healthy=not problems, distributions=found, machine=values, problems=problems)
    else:
        _print(found, machine, problems)
    if problems:
        ctx.exit(1)


def _examined(distribution: Distribution) -> _Examined:
    from importlib.metadata import PackageNotFoundError

    from mentor_plugins.commands.machine import unmet

    name, blocked = distribution.name, distribution.blocked
    one = _Examined(name, distribution.version, blocked, distribution.seconds * 1000)
    try:
        needs = [] if blocked or distribution.problem else unmet(name)
    except PackageNotFoundError:
        needs = []
    one.problems += needs
    return one


def _print(found: Sequence[_Examined], machine: Sequence[Fact], problems: Sequence[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    console = console_for(False)
    table = Table(title="distributions with plugins", title_justify="left", show_edge=False)
    for column in ("distribution", "registers"):
        table.add_column(column, overflow="fold")
    for column in ("start", "load all"):
        table.add_column(column, justify="right")
    for one in found:
        state = " (blocked)" if one.blocked else " (broken)" if one.problems else ""
        style = "yellow" if one.blocked else "red" if one.problems else ""
        name = Text(f"{one.name} {one.version}{state}", style)
        table.add_row(
            name, _counted(one.registers), f"{one.start_ms:.0f} ms", f"{one.load_ms:.0f} ms"
        )
    console.print(table)
    console.print()
    table = Table(title="machine", title_justify="left", show_edge=False, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for fact in machine:
        table.add_row(fact.name, Text(fact.value or "none", "red" if fact.problem else ""))
    console.print(table)
    console.print()
    for problem in problems:
        console.print(Text(problem, "red"), soft_wrap=True)
    console.print(f"{len(problems)} problems" if len(problems) != 1 else "1 problem")


def _counted(registers: Mapping[str, Sequence[str]]) -> str:
    """A few names, or the number of many."""
    parts = []
    for kind, names in registers.items():
        said = f"{kind} {', '.join(names)}" if len(names) <= 2 else f"{len(names)} × {kind}"
        parts.append(said)
    return "; ".join(parts) or "nothing"
