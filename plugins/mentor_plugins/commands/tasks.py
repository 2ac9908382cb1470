"""`mentor tasks`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from mentor_core.cli.options import PATH, configuration
from mentor_core.contracts.task import Split
from mentor_core.support.errors import RunError, nearest

__all__ = ["command"]


@click.command("tasks", short_help="Look at an environment's tasks.")
@click.argument("env")
@click.option(
    "--split",
    metavar="NAME",
    default="train",
    show_default=True,
    help="train, eval, ood, or a shift of the environment.",
)
@click.option("--task", metavar="ID", help="Only this task.")
@click.option("--config", "config_file", type=PATH, help="TOML file with settings.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any setting.")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a task.")
def command(
    env: str,
    split: Split,
    task: str | None,
    config_file: Path | None,
    settings: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """Print tasks of ENV with their answers, and the tools that solve them.

    A person plays tasks with `mentor teach --teacher person`.

    \b
    mentor tasks calculator -n 2
    mentor tasks webshop --split eval --json
    """
    from mentor_core.run.assemble import assemble

    config = configuration(config_file, env, None, None, None, settings)
    shown = 0
    known: list[str] = []
    parts = assemble(config)
    parts.check_splits([split])
    for domain in parts.domains.values():
        tasks = domain.tasks(split)
        known += [found.id for found in tasks]
        for found in [t for t in tasks if task in (None, t.id)][: limit - shown]:
            shown += 1
            domain.env.reset(seed=0, options={"task": found})
            tools = [schema["function"]["name"] for schema in domain.env.schemas]
            if as_json:
                click.echo(json.dumps(_row(found, tools), ensure_ascii=False, default=str))
            else:
                click.echo(f"{found.id}\n{found.prompt}\n→ {found.answer}  [{', '.join(tools)}]\n")
        if not as_json:
            click.echo(f"{domain.name}: {len(tasks)} tasks in {split}")
    if task is not None and not shown:
        near = nearest(task, known) if len(known) < 10_000 else ""
        raise RunError(f"no task {task!r} in split {split!r} of {env!r}{near}")


def _row(task: Any, tools: list[str]) -> dict[str, Any]:
    return {
        "id": task.id,
        "env": task.env,
        "split": task.split,
        "prompt": task.prompt,
        "answer": task.answer,
        "tools": tools,
    }
