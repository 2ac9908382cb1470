"""PersonTeacher: somebody at the terminal, the cheapest teacher of a few tasks."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import click

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.teacher import Attempt, Classroom, Teacher
from mentor_core.contracts.trajectory import Call

__all__ = ["PersonTeacher", "read_calls"]

_HELP = """\
Write a call:   add(a=1, b=2)       several at once: add(1, 2), add(3, 4)
or as JSON:     {"name": "add", "arguments": {"a": 1, "b": 2}}
Everything else is your answer. /tools lists the tools, /skip leaves the task out, /quit ends."""


class _Quit(Exception):
    """The person has quit."""


class PersonTeacher(Teacher):
    """Shows each task, reads calls and answers from standard input, and shows results."""

    repeats: ClassVar[bool] = True
    interactive: ClassVar[bool] = True

    @property
    def identity(self) -> dict[str, Any]:
        return {}

    def attempt(self, attempts: Sequence[Attempt], room: Classroom) -> None:
        click.echo(_HELP)
        for attempt in attempts:
            env = room.env(attempt.task.env)
            try:
                if _play(env, attempt):
                    outcome = env.trajectory.outcome
                    shown = "not verified" if outcome is None else f"outcome {outcome:g}"
                    click.echo(f"{env.end}, {shown}\n")
                    env.trajectory.seed = attempt.seed
                    room.keep(attempt, env.trajectory)
            except _Quit:
                return


def read_calls(line: str, schemas: Mapping[str, Mapping[str, Any]]) -> list[Call] | None:
    """The calls that a line writes; None if the line is no call of a tool, but an answer.

    Args:
        line: `name(value, key=value)`, several with commas, or JSON with name and arguments.
        schemas: tool → JSON schema of its arguments, for arguments without a key.

    Raises:
        ValueError: the line calls a tool, but its arguments cannot be read; says why.
    """
    if line.lstrip().startswith("{"):
        try:
            given = json.loads(line)
        except ValueError:
            return None
        if isinstance(given.get("name"), str) and isinstance(given.get("arguments"), dict):
            return [Call(given["name"], given["arguments"])]
        return None
    try:
        tree = ast.parse(line.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        if any(line.strip().startswith(f"{name}(") for name in schemas):
            raise ValueError("the call cannot be read; see the examples above") from None
        return None
    nodes = tree.elts if isinstance(tree, ast.Tuple) else [tree]
    if not nodes or not all(
        isinstance(node, ast.Call) and ast.unparse(node.func) in schemas for node in nodes
    ):
        return None
    return [_call(node, schemas) for node in nodes if isinstance(node, ast.Call)]


def _call(node: ast.Call, schemas: Mapping[str, Mapping[str, Any]]) -> Call:
    name = ast.unparse(node.func)
    keys = [*schemas[name].get("properties", {})]
    if len(node.args) > len(keys):
        raise ValueError(f"{name} takes {len(keys)} arguments, not {len(node.args)}")
    arguments: dict[str, Any] = {}
    pairs = [*zip(keys, node.args, strict=False), *((k.arg, k.value) for k in node.keywords)]
    for key, value in pairs:
        if key is None:
            raise ValueError(f"{name}: write each argument out, instead of **")
        try:
            found = ast.literal_eval(value)
            arguments[key] = json.loads(json.dumps(found))
        except (ValueError, TypeError):
            raise ValueError(
                f"{name}: {key} is {ast.unparse(value)}; expected a number, text in quotes, True, "
                "False, None, a list or a dictionary"
            ) from None
    return Call(name, arguments)


def _play(env: ToolEnv, attempt: Attempt) -> bool:
    """Play an episode; False if the person skips the task."""
    messages, _ = env.reset(seed=attempt.seed % 2**32, options={"task": attempt.task})
    click.echo(f"— task {attempt.task.id} —")
    click.echo("\n".join(message["content"] for message in messages if message["role"] == "user"))
    _tools(env)
    while env.end is None:
        text, calls = _turn(env)
        if text is None:
            return False
        observation, *_ = env.step(env.parser.render(text, calls))
        for message in observation:
            click.echo(f"→ {message['content']}")
    return True


def _turn(env: ToolEnv) -> tuple[str | None, list[Call]]:
    """The person's turn: text and calls; no text if the task is to be skipped."""
    schemas = {s["function"]["name"]: s["function"].get("parameters", {}) for s in env.schemas}
    while True:
        try:
            line = input("> ").strip()
        except EOFError:
            raise _Quit from None
        match line:
            case "":
                continue
            case "/quit":
                raise _Quit
            case "/skip":
                return None, []
            case "/tools":
                _tools(env)
                continue
        try:
            calls = read_calls(line, schemas)
        except ValueError as error:
            click.echo(str(error))
            continue
        return ("", calls) if calls else (line, [])


def _tools(env: ToolEnv) -> None:
    for schema in env.schemas:
        function = schema["function"]
        keys = ", ".join(function.get("parameters", {}).get("properties", {}))
        about = str(function.get("description", "")).partition("\n")[0]
        click.echo(f"  {function['name']}({keys})  {about}")
