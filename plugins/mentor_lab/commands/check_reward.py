"""`mentor check-reward`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mentor_core.support.errors import ConfigError
from mentor_lab.commands.verdicts import needs_testing, show_verdicts
from mentor_runs.command_line.json_output import json_option

if TYPE_CHECKING:
    from mentor_core.contracts.reward import RewardTerm

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
@json_option
@click.pass_context
def command(
    ctx: click.Context, term: str, options: tuple[str, ...], examples: int, as_json: bool
) -> None:
    """Check the promises of every reward term, and play the usual attacks on TERM.

    Prints a verdict for each property, and the smallest counter-example found for each one that
    fails. Ends with exit code 1 if a property fails.

    \b
    mentor check-reward teacher --option mode=sequence
    mentor check-reward my_package.rewards:Brevity
    """
    with needs_testing("check-reward"):
        from mentor_lab.rewards.conformance import check_reward

    made = _make(term, options)
    title = f"{term}, scores in {list(made.bounds)}"
    if not show_verdicts(title, "term", check_reward(made, examples), as_json):
        ctx.exit(1)


def _make(name: str, options: Sequence[str]) -> RewardTerm:
    """The term of a registered name, or of a class anywhere (MODULE:CLASS or FILE.py:CLASS).

    Raises:
        MentorError: there is no such name, module or class, or an option is wrong.
    """
    from mentor_core.door.registry import REWARD_TERMS, create
    from mentor_runs.settings.keys import given_as
    from mentor_runs.settings.tables import parse_setting

    given: dict[str, Any] = {}
    for option in options:
        key, equals, _ = option.partition("=")
        if not equals or not all(part.strip() for part in key.split(".")):
            raise ConfigError(f"--option {option!r}: expected NAME=VALUE, such as mode=set")
        given |= parse_setting(option)
    with given_as("--option "):
        return create(REWARD_TERMS, name, given)
