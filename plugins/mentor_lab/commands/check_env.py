"""`mentor check-env`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mentor_core.support.errors import ConfigError
from mentor_lab.commands.verdicts import needs_testing, show_verdicts
from mentor_runs.command_line.json_output import json_option
from mentor_runs.command_line.options import PATH

__all__ = ["command"]


@click.command("check-env", short_help="Try to break an environment: promises, hostile policies.")
@click.argument("env", metavar="NAME|MODULE:CLASS")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of a run: env_options.NAME or rollout.max_turns; may be repeated.",
)
@click.option("--tasks", type=PATH, metavar="FILE", help="Tasks of your own, as for `mentor run`.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the episodes.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help="Most eval tasks that the expert must solve.  [default: all]",
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Hostile episodes that are searched.",
)
@click.option("--skip", multiple=True, metavar="PROPERTY", help="May be repeated.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    env: str,
    settings: tuple[str, ...],
    tasks: Path | None,
    seed: int,
    count: int | None,
    examples: int,
    skip: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check the promises of every environment, with its expert and with hostile policies.

    Prints a verdict for each property, and a counter-example as runnable Python for each one that
    fails. Ends with exit code 1 if a property fails. ENV may also be MODULE:CLASS or FILE.py:CLASS,
    or a function there that makes an environment.

    The hostile policies call every tool with all kinds of arguments. Isolate tools that act on the
    outside world.

    \b
    mentor check-env calculator --set env_options.max_steps=4
    mentor check-env functions --set env_options.tools=my_tools.py --tasks my-tasks.jsonl
    mentor check-env my_package.shop:Shop --count 50
    """
    from rich.console import Console

    from mentor_core.door.registry import ENVIRONMENTS, entry, is_reference
    from mentor_runs.assembly.assemble import TASKS_FLAG
    from mentor_runs.settings.keys import given_as
    from mentor_runs.settings.naming import environment_factory
    from mentor_toolkit.progress_bar import bar

    with needs_testing("check-env"):
        from mentor_lab.environments.conformance import STAGES, check_environment

    factory, options = environment_factory(env), _options(settings, tasks)
    with (
        given_as("--set env_options.", TASKS_FLAG),
        bar(Console(stderr=True), "checking", STAGES) as shown,
    ):
        last = ""

        def on_progress(stage: str, examples: int) -> None:
            nonlocal last
            steps = int(stage != last and last != "")
            last = stage
            shown.advance({stage: str(examples)}, steps)

        inspection = check_environment(
            factory,
            options,
            registered=None if is_reference(ENVIRONMENTS, env) else entry(ENVIRONMENTS, env).name,
            seed=seed,
            tasks=count,
            examples=examples,
            skip=skip,
            on_progress=on_progress,
        )
        shown.advance()
    speed = inspection.steps_per_second
    holds = show_verdicts(env, "environment", inspection.verdicts, as_json, steps_per_second=speed)
    if speed is not None:
        click.echo(f"{speed:,.0f} steps per second", err=as_json)
    if not holds:
        ctx.exit(1)


def _options(settings: Sequence[str], tasks: Path | None) -> dict[str, Any]:
    """The environment's arguments.

    Raises:
        ConfigError: a setting is not the environment's, or does not fit.
    """
    from mentor_runs.settings.resolve import resolve
    from mentor_runs.settings.tables import merge, parse_setting

    values: dict[str, Any] = {}
    if tasks is not None:
        values = {"env_options": {"tasks_file": str(tasks.absolute())}}
    for setting in settings:
        values = merge(values, parse_setting(setting))
    options = values.pop("env_options", {})
    rollout = values.pop("rollout", {})
    if not isinstance(options, dict) or not isinstance(rollout, dict):
        raise ConfigError("--set: expected KEY=VALUE, such as env_options.seed=1")
    own = {}
    if "max_turns" in rollout:
        config = resolve({"rollout": {"max_turns": rollout.pop("max_turns")}}, "--set")
        own = {"max_turns": config.rollout.max_turns}
    unknown = [*values, *(f"rollout.{key}" for key in rollout)]
    if unknown:
        raise ConfigError(
            f"--set {unknown[0]}: check-env takes env_options.NAME and rollout.max_turns"
        )
    return {**options, **own}
