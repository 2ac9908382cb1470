"""`mentor serve`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mentor_core.support.errors import RunError
from mentor_runs.command_line.options import PATH, checkpoint_option

if TYPE_CHECKING:
    from mentor_plugins.export.server import Server

__all__ = ["command"]


@click.command(
    "serve",
    short_help="Serve a run's student with transformers or vLLM.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("path", type=PATH, metavar="RUN|EXPORT")
@click.argument("extra", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS]")
@checkpoint_option
@click.option(
    "--engine",
    type=click.Choice(["transformers", "vllm"]),
    default="transformers",
    show_default=True,
    help="The server program.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The server's address.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="The server's port.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the command, start nothing.")
def command(
    path: Path,
    extra: tuple[str, ...],
    checkpoint: int | None,
    engine: str,
    host: str,
    port: int,
    only_print: bool,
) -> None:
    """Serve the student of RUN, or an EXPORT, by OpenAI's chat protocol until Ctrl-C.

    For vLLM, the parser of tool calls is named. ARGUMENTS go to the server program. An adapter has
    to be exported before, which merges it.

    \b
    mentor serve runs/calculator-20260101-120000
    mentor serve runs/calculator-20260101-120000/export --engine vllm --print
    """
    from typing import cast

    from mentor_plugins.export.server import Engine, Server, running

    folder, parser, evaluation = _served(path, checkpoint)
    server = Server(cast(Engine, engine), folder.absolute(), parser, host, port, extra)
    for note in server.notes():
        click.echo(f"note: {note}", err=True)
    if not only_print:
        server.check()
    click.echo(server.line)
    if only_print:
        return
    with running(server, None) as process:
        click.echo(f"base URL {server.base_url}")
        click.echo(f"evaluate {shlex.join(evaluation + _policy(server))}")
        click.echo("stop with Ctrl-C")
        code = process.wait()
    raise RunError(f"{server.line} ended with code {code}")


def _policy(server: Server) -> list[str]:
    """The options of `mentor eval` that use the server."""
    options = {"model": server.model, "base_url": server.base_url}
    given = [f"--set=evaluate.policy_options.{name}={value}" for name, value in options.items()]
    return ["--policy", "openai", "--set=parser=auto", *given]


def _served(path: Path, checkpoint: int | None) -> tuple[Path, str | None, list[str]]:
    """The model's directory, its parser, and the beginning of the command that evaluates it.

    Raises:
        MentorError: there is no student that a server can load; says the way out.
    """
    from mentor_plugins.commands.exported import Source
    from mentor_plugins.export.folder import ExportFolder, source_digest
    from mentor_plugins.export.weights import ADAPTER, NO_TEMPLATE
    from mentor_plugins.models.formats import match_formats, parser_name
    from mentor_plugins.models.loading import check_model
    from mentor_runs.assembly.assemble import assemble
    from mentor_runs.settings.resolve import resolve

    facts = ExportFolder.read(path)
    if facts is not None:
        if checkpoint is not None:
            raise RunError(f"{path} is an export; --checkpoint needs a RUN")
        return path, facts.parser, ["mentor", "eval", "--env", facts.environment]
    source = Source.find(path, checkpoint)
    begin = ["mentor", "eval", str(path)]
    made = source.export.path
    facts = ExportFolder.read(made)
    digest = source_digest(source.model)
    if facts is not None and digest is not None and facts.source == digest:
        return made, facts.parser, begin
    if (source.model / ADAPTER).is_file():
        step = "" if checkpoint is None else f" --checkpoint {checkpoint}"
        raise RunError(
            f"{source.model} holds an adapter, which has to be merged first: "
            f"mentor export {path}{step}"
        )
    chat = check_model(str(source.model))
    if chat is None or not chat.tokenizer.chat_template:
        raise RunError(NO_TEMPLATE.format(source.model))
    parts = assemble(resolve(source.settings))
    match_formats(parts.envs, chat)
    return source.model, parser_name(parts.envs[0].parser), begin
