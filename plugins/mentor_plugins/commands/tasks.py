"""`mentor tasks`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mentor_core.contracts.task import Split
from mentor_core.support.errors import RunError, nearest
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_runs.command_line.options import PATH, configuration, limit_option
from mentor_toolkit.lines import print_line

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
@limit_option(5, "tasks")
@json_option
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
    from mentor_runs.assembly.assemble import assemble

    config = configuration(config_file, env, None, None, None, settings)
    rows: list[dict[str, Any]] = []
    known: dict[str, list[str]] = {}
    parts = assemble(config)
    parts.check_splits([split])
    for domain in parts.domains.values():
        tasks = domain.tasks(split)
        known[domain.name] = [found.id for found in tasks]
        for found in [t for t in tasks if task in (None, t.id)][: limit - len(rows)]:
            domain.env.reset(seed=0, options={"task": found})
            names = [schema["function"]["name"] for schema in domain.env.schemas]
            rows.append(_row(found, names))
    if task is not None and not rows:
        ids = [task_id for several in known.values() for task_id in several]
        near = nearest(task, ids) if len(ids) < 10_000 else ""
        raise RunError(f"no task {task!r} in split {split!r} of {env!r}{near}")
    counts = {name: len(ids) for name, ids in known.items()}
    if as_json:
        print_json(split=split, counts=counts, tasks=rows)
        return
    console = console_for(as_json)
    for row in rows:
        tools = ", ".join(row["tools"])
        print_line(console, f"{row['id']}\n{row['prompt']}\n→ {row['answer']}  [{tools}]\n")
    for name, count in counts.items():
        click.echo(f"{name}: {count} tasks in {split}")


def _row(task: Any, tools: list[str]) -> dict[str, Any]:
    return {
        "id": task.id,
        "env": task.env,
        "split": task.split,
        "prompt": task.prompt,
        "answer": task.answer,
        "tools": tools,
    }
