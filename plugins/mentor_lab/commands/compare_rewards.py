"""`mentor compare-rewards`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mentor_lab.commands.saved import open_saved, reward_config, saved_options
from mentor_runs.command_line.json_output import json_option, print_json

if TYPE_CHECKING:
    from mentor_lab.comparison import Comparison, Effect

__all__ = ["command", "old_command"]


@click.command(
    "compare-rewards", short_help="Compare two rewards on saved groups, without training."
)
@saved_options
@click.option(
    "--rewards", required=True, metavar="A", help="A preset, terms with weights, or a .toml file."
)
@click.option("--against", required=True, metavar="B", help="The other reward, in the same way.")
@json_option
def command(rewards: str, against: str, as_json: bool, **options: Any) -> None:
    """Compare reward B with reward A on the groups of trajectories in FILES.

    Counts the advantages that change sign and the groups without a gradient. Shares out the
    variance of the rewards among the terms, and names conflicting pairs of terms. FILES are .jsonl,
    .jsonl.gz or the directory of a run.

    \b
    mentor compare-rewards runs/calculator-20260101-120000 --rewards mentor --against mentor-paper
    mentor compare-rewards episodes.jsonl --references teacher.jsonl --rewards outcome \\
        --against outcome=0.7,teacher=0.3
    """
    from rich.console import Console

    from mentor_core.door.registry import CREDITS, create
    from mentor_core.support.errors import DataError
    from mentor_lab.comparison import compare, measure
    from mentor_lab.scoring import Broken, Inputs, Row, score_files
    from mentor_runs.assembly.assemble import make_reward
    from mentor_toolkit.progress_bar import bar

    saved = open_saved(**options)
    credit = create(CREDITS, "group")
    configs = {name: reward_config(name) for name in (rewards, against)}
    terms = {name: list(make_reward(config).terms) for name, config in configs.items()}
    effects: dict[str, Effect] = {}
    broken = failed = 0
    console = Console()
    with bar(Console(stderr=True), "compare", saved.lines * len(configs)) as shown:
        for name, config in configs.items():
            rows: list[Row] = []
            broken = 0
            inputs = Inputs(config, saved.tasks, saved.references)
            for item in score_files(saved.files, inputs, saved.jobs):
                shown.advance()
                if isinstance(item, Broken):
                    broken += 1
                else:
                    rows.append(item)
                    failed += bool(item.failures)
            if not rows:
                raise DataError("there is no trajectory to compare rewards on")
            effects[name] = measure(rows, terms[name], credit)
    comparison = compare(effects[rewards], effects[against])
    if as_json:
        print_json(
            rewards={name: _figures(effect) for name, effect in effects.items()},
            comparison=comparison,
            broken_lines=broken,
            failed_scores=failed,
        )
        return
    console.print(_table(effects))
    for name, effect in effects.items():
        for conflict in effect.conflicts:
            console.print(
                f"{name}: {conflict.first} and {conflict.second} conflict "
                f"(correlation {conflict.correlation:.2f} inside the groups)",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    for fact in _facts(comparison):
        console.print(fact, highlight=False, markup=False, soft_wrap=True)
    if broken:
        console.print(f"{broken} broken line(s), not scored: see mentor score", style="yellow")
    if failed:
        console.print(f"{failed} time(s) a term failed: see mentor score", style="yellow")


def _figures(effect: Effect) -> dict[str, Any]:
    """The figures of a reward as JSON, without the advantages of single trajectories."""
    figures = asdict(effect)
    del figures["advantages_B"]
    return {**figures, "not_linear": _rest(effect)}


def _table(effects: dict[str, Effect]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="inside the groups", title_justify="left")
    table.add_column("")
    for name in effects:
        table.add_column(Text(name), justify="right")
    found = list(effects.values())
    table.add_row("groups", *(str(effect.groups) for effect in found))
    table.add_row(
        "zero-variance groups",
        *(f"{e.zero_variance} ({e.zero_variance / max(1, e.groups):.1%})" for e in found),
    )
    table.add_row("not scored", *(str(effect.unscored) for effect in found), end_section=True)
    for term in dict.fromkeys(term for effect in found for term in effect.shares):
        cells = (f"{e.shares[term]:.1%}" if term in e.shares else "" for e in found)
        table.add_row(Text(f"variance from {term}"), *cells)
    table.add_row("not linear", *(f"{_rest(effect):.1%}" for effect in found))
    return table


def _rest(effect: Effect) -> float:
    """The share of the variance that no term carries on its own."""
    shared = sum(effect.shares.values())
    return abs(1 - shared) if shared else 0.0


def _facts(comparison: Comparison) -> list[str]:
    share = comparison.flipped / comparison.trajectories
    return [
        f"{comparison.flipped} of {comparison.trajectories} advantages change sign ({share:.1%})",
        f"{comparison.appeared} appear and {comparison.vanished} vanish",
        f"correlation of the advantages: {comparison.correlation:.3f}",
    ]


old_command = click.Command(
    "ablate",
    callback=command.callback,
    params=[*command.params],
    help="The former name of compare-rewards; the next release has it no more.",
    hidden=True,
    deprecated="use compare-rewards",
)
