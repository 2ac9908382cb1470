"""The command line: `mentor COMMAND`, each command a plugin, loaded when it is used.

A fault that the user can mend ends with exit code 2 and one message; `--debug` shows the traceback.
"""

from __future__ import annotations

import errno
import io
import sys
from typing import Any

import click

from mentor_core import __version__
from mentor_core.door.registry import COMMANDS, block, entry, load, names
from mentor_core.support.errors import MentorError, PluginError, UnknownName, nearest
from mentor_core.support.redaction import hide, hide_argument
from mentor_core.support.user_code import contained, reason

__all__ = ["main"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Errors of writing to a full disk, which do not name the file."""

_CLOSED_PIPE = 141
"""Exit code, as in a shell, of a program that SIGPIPE ends: the reader has closed its output."""


class _Commands(click.Group):
    """The registered commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return names(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        try:
            command: Any = load(COMMANDS, cmd_name)
            with contained(lambda error: PluginError(f"command {cmd_name!r}: {reason(error)}")):
                command.get_short_help_str()
                if not any(parameter.name == "debug" for parameter in command.params):
                    command.params.append(_debug_option())
        except UnknownName:
            return None
        except PluginError as error:
            return _broken(cmd_name, error)
        return command  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-"):
            try:
                entry(COMMANDS, name)
            except UnknownName as error:
                said = f"no command {name!r}{nearest(name, error.known)}"
                raise click.UsageError(
                    "\n  ".join([said, *getattr(error, "__notes__", ())]), ctx
                ) from None
        return super().resolve_command(ctx, args)


def _broken(name: str, error: PluginError) -> click.Command:
    """A substitute for a command that cannot be loaded: listed, with the reason."""

    def fail() -> None:
        raise error

    return click.Command(name, callback=fail, short_help=f"(broken: {error})")


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an error."
    )


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[_debug_option()],
)
@click.version_option(__version__, prog_name="mentor")
@click.option(
    "--block",
    multiple=True,
    is_eager=True,
    expose_value=False,
    callback=lambda *given: block(given[-1]),
    metavar="DISTRIBUTION",
    help="Do not load its plugins; may be repeated.  [env: MENTOR_BLOCK_PLUGINS, with commas]",
)
def _mentor() -> None:
    """Teach a small language model to use your tools as well as a large one does."""


def main() -> None:
    """Entry point of `mentor`."""
    debug, output = "--debug" in sys.argv[1:], sys.stdout
    try:
        code = _mentor.main(prog_name="mentor", standalone_mode=False)
        if isinstance(code, int) and code:  # a command called `ctx.exit(code)`
            sys.exit(code)
    except SystemExit as end:
        # If the output is closed, click (which then replaces it) and rich end with 1. That would
        # mean that something is broken.
        closed = sys.stdout is not output or isinstance(end.__context__, BrokenPipeError)
        sys.exit(_CLOSED_PIPE if closed else end.code)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        click.echo(hide_argument(said.getvalue()), nl=False, err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except MentorError as error:
        if debug:
            raise
        _say(error)
        sys.exit(130 if getattr(error, "interrupted", False) else 2)
    except OSError as error:
        if debug or (error.filename is None and error.errno not in _FULL):
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        click.echo(f"Error: {where}{error.strerror or error}", err=True)
        sys.exit(2)


def _say(error: MentorError) -> None:
    label = "" if getattr(error, "interrupted", False) else "Error: "
    for line in (f"{label}{error}", *(f"  {note}" for note in getattr(error, "__notes__", []))):
        click.echo(hide(line), err=True)
