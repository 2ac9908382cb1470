"""`mentor check-reward`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mentor_core.errors import ConfigError, PluginError, RunError

if TYPE_CHECKING:
    from mentor_core.reward import RewardTerm

__all__ = ["command"]


@click.command("check-reward", short_help="Try to break a reward term: promises and attacks.")
@click.argument("term", metavar="NAME|MODULE:CLASS")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the term; may be repeated.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Examples of each kind.",
)
@click.pass_context
def command(ctx: click.Context, term: str, options: tuple[str, ...], examples: int) -> None:
    """Check what every reward term promises, and play the usual attacks on it.

    Prints a verdict for each property and, where one fails, the smallest counter-example found.
    Ends with exit code 1 if a property fails.

    \b
    mentor check-reward teacher --option mode=sequence
    mentor check-reward my_package.rewards:Brevity
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    try:
        from mentor_core.battery import check_reward
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise RunError(
            'check-reward needs hypothesis: pip install "mentor-core[testing]"'
        ) from None

    made = _make(term, options)
    console = Console()
    verdicts = check_reward(made, examples)
    table = Table(title=f"{term}, scores in {list(made.bounds)}", title_justify="left")
    for column in ("property", "the term …", "verdict", "examples"):
        table.add_column(column, justify="right" if column == "examples" else "left")
    for verdict in verdicts:
        holds = "holds" if verdict.tested else "not tested"
        shown = Text(holds, "green" if verdict.tested else "yellow")
        if verdict.problem is not None:
            shown = Text("FAILS", "bold red")
        table.add_row(verdict.property, verdict.promise, shown, str(verdict.tested))
    console.print(table)
    failed = [verdict for verdict in verdicts if verdict.problem is not None]
    for verdict in failed:
        heading, _, sketch = str(verdict).partition("\n")
        console.print(f"\n{heading}", style="bold red", highlight=False, markup=False)
        console.print(sketch, highlight=False, markup=False, soft_wrap=True)
    if failed:
        ctx.exit(1)


def _make(name: str, options: Sequence[str]) -> RewardTerm:
    """The term of a registered name, or of a class anywhere.

    Raises:
        MentorError: there is no such name, module or class, or an option is wrong.
    """
    from mentor_core.config import parse_setting
    from mentor_core.registry import REWARD_TERMS, build, create
    from mentor_core.reward import RewardTerm

    given: dict[str, Any] = {}
    for option in options:
        if not option.partition("=")[1]:
            raise ConfigError(f"--option {option!r}: expected NAME=VALUE, such as mode=set")
        given |= parse_setting(option)
    module, colon, attribute = name.partition(":")
    if not colon:
        return create(REWARD_TERMS, name, given)
    if "" not in sys.path:
        sys.path.insert(0, "")  # modules of the working directory, as `python -m` finds them
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise PluginError(f"{name}: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, RewardTerm)):
        raise PluginError(f"{name} is not a subclass of mentor_core.reward:RewardTerm")
    return build(found, f"reward term {name!r}", given)
