"""Contract: checks of Gymnasium's interface, tasks, tools and the expert."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from gymnasium.utils.env_checker import check_env
from jsonschema import Draft202012Validator, SchemaError

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Split, Task
from mentor_core.support.errors import PluginError
from mentor_lab.environments.bench import Bench, Check
from mentor_lab.verdict import Problem, Untested
from mentor_toolkit.scripts import play_expert

__all__ = ["CONTRACT", "EXPERT", "toolsets"]

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TASKS_WITH_TOOLS = 50


def _gymnasium(bench: Bench, _: None) -> Problem | None:
    with bench.env() as env, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        env.action_space.seed(bench.seed)
        try:
            check_env(env, skip_render_check=True)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            said = f"{type(error).__name__}: {error}"
        else:
            # Gymnasium's own warnings, not those of a library that a tool uses.
            said = next((str(w.message) for w in caught if "WARN:" in str(w.message)), "")
    if not said:
        return None
    lines = (
        str(bench.make),
        f"env.action_space.seed({bench.seed})",
        "gymnasium.utils.env_checker.check_env(env, skip_render_check=True)",
    )
    return Problem(re.sub(r"\x1b\[\d*m", "", said), "\n".join(lines))


def _tasks(bench: Bench, split: Split) -> Problem | None:
    shown = f"{bench.make}\nenv.tasks({split!r})"
    tasks = bench.tasks[split]
    ids: set[str] = set()
    for task in tasks:
        if task.id in ids:
            return Problem(f"two tasks have the id {task.id!r}", shown)
        ids.add(task.id)
        own = task.split == split or (split == "ood" and task.split in bench.shifts)
        if not own or task.env != bench.name:
            found = f"split {task.split!r} and environment {task.env!r}"
            return Problem(f"task {task.id!r} says that it is of {found}", shown)
        if not task.prompt.strip():
            return Problem(f"task {task.id!r} has an empty prompt", shown)
    with bench.env() as env:
        for before, after in zip(tasks, env.tasks(split), strict=False):
            if (before.id, before.prompt, before.answer) != (after.id, after.prompt, after.answer):
                return Problem(f"task {before.id!r} of one is {after.id!r} of another", shown)
        if len(env.tasks(split)) != len(tasks):
            return Problem(f"one has {len(tasks)} tasks, another {len(env.tasks(split))}", shown)
    if not tasks:
        raise Untested
    return None


def _apart(bench: Bench, split: Split) -> Problem | None:
    trained = {_content(task): task.id for task in bench.tasks["train"]}
    shared = [task for task in bench.tasks[split] if _content(task) in trained]
    if not trained or not bench.tasks[split]:
        raise Untested
    if not shared:
        return None
    first = shared[0]
    more = f" ({len(shared)} such tasks)" if len(shared) > 1 else ""
    return Problem(
        f"task {first.id!r} of {split} is task {trained[_content(first)]!r} of train{more}",
        bench.episode(first),
    )


def _content(task: Task) -> str:
    """The content of a task: all but its id, its split and its place in a file."""
    metadata = {key: value for key, value in task.metadata.items() if key != "where"}
    return repr((task.prompt.strip(), task.answer, metadata))


def toolsets(bench: Bench) -> Iterator[tuple[Task, dict[str, Any]]]:
    """Each tool's schema, with a task whose episode shows it."""
    seen = set()
    with bench.env() as env:
        for task in bench.some_tasks(_TASKS_WITH_TOOLS):
            _, info = env.reset(seed=bench.seed, options={"task": task})
            for schema in info["tools"]:
                written = json.dumps(schema, default=repr)
                if written not in seen:
                    seen.add(written)
                    yield task, schema


def _tools(bench: Bench, sample: tuple[Task, dict[str, Any]]) -> Problem | None:
    task, schema = sample
    wrong = _wrong_with(schema)
    if wrong is None:
        return None
    shown = json.dumps(schema, indent=2, ensure_ascii=False, default=repr)
    return Problem(wrong, f"{bench.episode(task)}\n# info['tools'] has\n{shown}")


def _wrong_with(schema: Mapping[str, Any]) -> str | None:
    """The fault of a tool's schema for chat templates and servers; None if there is none."""
    function = schema.get("function")
    if schema.get("type") != "function" or not isinstance(function, Mapping):
        return 'it is not {"type": "function", "function": {…}}'
    try:
        json.dumps(schema)
    except (TypeError, ValueError) as error:
        return f"it is not JSON: {error}"
    name, description = function.get("name"), function.get("description")
    if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
        return f"the name {name!r} is not one to 64 letters, digits, _ or -"
    if not isinstance(description, str) or not description.strip():
        return f"tool {name!r} has no description"
    parameters = function.get("parameters")
    if not isinstance(parameters, Mapping) or parameters.get("type") != "object":
        return f"the parameters of tool {name!r} are not of type object"
    try:
        Draft202012Validator.check_schema(parameters)
    except SchemaError as error:
        where = ".".join(map(str, error.absolute_path)) or "parameters"
        return f"the parameters of tool {name!r} are no JSON schema: {where}: {error.message}"
    properties = parameters.get("properties", {})
    for missing in set(parameters.get("required", ())) - set(properties):
        return f"tool {name!r} requires {missing!r}, which is not among its parameters"
    if (reference := _dangling(parameters, parameters)) is not None:
        return f"the parameters of tool {name!r} refer to {reference!r}, which is not there"
    for parameter, inner in properties.items():
        if isinstance(inner, Mapping) and inner.get("description"):
            continue
        if not re.search(rf"(?<!\w){re.escape(parameter)}(?!\w)", description):
            return f"nothing describes the parameter {parameter!r} of tool {name!r}"
    return None


def _dangling(value: Any, root: Mapping[str, Any]) -> str | None:
    """The first `$ref` that points to nothing in the schema itself."""
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str):
            found: Any = root if reference.startswith("#") else None
            for part in filter(None, reference[1:].split("/")):
                found = found.get(part) if isinstance(found, Mapping) else None
            if found is None:
                return reference
        value = list(value.values())
    if isinstance(value, list):
        return next((r for inner in value if (r := _dangling(inner, root)) is not None), None)
    return None


def _eval_tasks(bench: Bench) -> Iterator[tuple[ToolEnv, Task]]:
    with bench.env() as env:
        for task in bench.eval_tasks:
            yield env, task


def _expert(bench: Bench, sample: tuple[ToolEnv, Task]) -> Problem | None:
    env, task = sample
    try:
        played = play_expert(env, task, bench.seed)
    except PluginError as error:
        return Problem(str(error), bench.episode(task, (turn.text for turn in env.turns)))
    if played is None:
        raise Untested("it has no expert")
    if played.outcome == 1 and played.end != "turn_limit":
        return None
    ended = f"its episode on task {task.id!r} ends with {played.end} and outcome {played.outcome}"
    return Problem(ended, bench.episode(task, (turn.text for turn in played.turns)))


CONTRACT = (
    Check("gymnasium", "passes Gymnasium's own check_env", _gymnasium),
    Check(
        "tasks",
        "has the same tasks each time, each with an id of its own",
        _tasks,
        lambda bench: bench.tasks,
    ),
    Check(
        "apart",
        "has no task of train in eval or in a shift",
        _apart,
        lambda bench: [split for split in bench.tasks if split != "train"],
    ),
    Check(
        "tools",
        "describes its tools in valid JSON schemas, to the last parameter",
        _tools,
        toolsets,
    ),
)
EXPERT = Check(
    "expert", "has an expert that solves every eval task within its limits", _expert, _eval_tasks
)
