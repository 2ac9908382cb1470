"""The reference: hooks with their contracts, commands, and the keys of a run's settings."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
from pydantic import BaseModel

from mentor_core.door.hookspecs import HOOKS
from mentor_core.door.registry import KINDS, Kind
from mentor_runs.settings.config import RunConfig
from mentor_site.gallery import options_table
from mentor_site.markdown import of_docstring, table
from mentor_site.parts import Option, commands, docstring, settings

__all__ = ["Member", "contract", "members", "pages"]

_FORMS = {
    "class": "a class",
    "object": "an object",
    "file": "a file inside a package",
    "directory": "a directory inside a package",
}


def pages() -> dict[str, str]:
    """Path → Markdown of every page of the reference."""
    return {
        "reference/hooks.md": "\n\n".join(_hooks()),
        "reference/commands.md": "\n\n".join(_commands()),
        "reference/settings.md": "\n\n".join(_settings()),
    }


def _hooks() -> Iterator[str]:
    yield "# Hooks"
    yield (
        "Each hook takes no argument and returns name → target. "
        "[Plugins](../plugins.md) shows how to write one. This page is made from the code."
    )
    yield table(
        ["hook", "registers"], ([f"[`{name}`](#{name})", text] for name, text in HOOKS.items())
    )
    for kind in KINDS:
        yield f"## {kind.hook}"
        said = HOOKS[kind.hook]
        yield f"{said[:1].upper()}{said[1:]}. A target is {_FORMS[kind.form]}."
        base = contract(kind)
        if base is not None:
            yield f"`{base.__name__}`: {of_docstring(docstring(base))}"
            yield "*Members*"
            yield "\n".join(
                f"- `{member.written}`{' (required)' if member.required else ''}: {member.summary}"
                for member in members(base)
                if member.summary
            )


def contract(kind: Kind[Any]) -> Any:
    """The class of the core that a plugin extends, or None."""
    if kind.contract is None or not kind.contract.startswith("mentor_core:"):
        return None
    return getattr(importlib.import_module("mentor_core"), kind.contract.partition(":")[2])


@dataclass(frozen=True, slots=True)
class Member:
    """A public method or attribute of a contract.

    Attributes:
        written: its name, with the arguments of a method.
        summary: the first paragraph of its docstring.
        required: a plugin must define the member.
    """

    written: str
    summary: str
    required: bool


def members(base: type[Any]) -> Iterator[Member]:
    """The public members of a contract, those of its bases in the core last."""
    required: frozenset[str] = getattr(base, "__abstractmethods__", frozenset())
    for cls in base.__mro__:
        if not cls.__module__.startswith("mentor_core."):
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        following = [*body[1:], None]
        for node, after in zip(body, following, strict=True):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    said = ast.get_docstring(node) or ""
                    kept_as = {ast.unparse(one) for one in node.decorator_list}
                    called = not kept_as & {"property", "cached_property"}
                    written = f"{name}({_arguments(node.args)})" if called else name
                    if any(one.endswith(".setter") for one in kept_as):
                        continue
                case ast.AnnAssign(target=ast.Name(id=name)):
                    said = _text(after)
                    written = name
                case _:
                    continue
            if not name.startswith("_"):
                summary = of_docstring(said).partition("\n\n")[0]
                summary = " ".join(summary.split())
                yield Member(written, summary, name in required)


def _arguments(arguments: ast.arguments) -> str:
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return ", ".join(one.arg for one in every if one.arg not in ("self", "cls"))


def _text(node: ast.stmt | None) -> str:
    """The text of an attribute's docstring."""
    match node:
        case ast.Expr(ast.Constant(str(text))):
            return inspect.cleandoc(text)
    return ""


def _commands() -> Iterator[str]:
    yield "# Commands"
    yield (
        "This page is made from the code; `mentor COMMAND --help` prints the same text. "
        "[Runs](../runs.md#commands) has the exit codes, and the fields of "
        "[`--json`](../runs.md#json-for-programs)."
    )
    for words, command in commands():
        context = click.Context(command, info_name=f"mentor {words}")
        yield f"## mentor {words}"
        yield f"`{' '.join(command.get_usage(context).split()).removeprefix('Usage: ')}`"
        yield _help(command)
        records = (
            one.get_help_record(context)
            for one in command.params
            if isinstance(one, click.Option) and one.name != "debug"
        )
        rows = [
            (f"`{option.replace(' RANGE', '')}`", said) for option, said in filter(None, records)
        ]
        if rows:
            yield table(["option", "meaning"], rows)


def _help(command: click.Command) -> str:
    """The help; paragraphs that click does not wrap are blocks of code."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return "\n\n".join(
        f"```text\n{inspect.cleandoc(text.partition(chr(10))[2])}\n```"
        if text.strip().startswith("\b")
        else text
        for text in paragraphs
    )


def _settings(config: type[BaseModel] = RunConfig) -> Iterator[str]:
    yield "# Settings"
    yield (
        "Every key of a run's `config.toml`, and of `--set KEY=VALUE`. "
        "[Runs](../runs.md#settings) says which source of a setting wins. "
        "This page is made from the code."
    )
    sections: dict[str, list[Option]] = {}
    for setting in settings(config):
        sections.setdefault(setting.name.rpartition(".")[0], []).append(setting)
    for section, options in sorted(sections.items()):
        yield f"## {section or 'The run'}"
        yield options_table(options, "key")
