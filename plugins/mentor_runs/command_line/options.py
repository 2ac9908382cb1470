"""Options that several commands share, and the configuration that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mentor_core.support.errors import ConfigError

if TYPE_CHECKING:
    from mentor_runs.settings.config import RunConfig

__all__ = [
    "PATH",
    "check_output",
    "checkpoint_option",
    "component_options",
    "configuration",
    "configuration_options",
    "configuration_options_without",
    "limit_option",
]

F = TypeVar("F", bound=Callable[..., Any])


class _Path(click.Path):
    """A path; an empty one (a variable that is not set) would mean the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty; expected a path", param, ctx)
        return super().convert(value, param, ctx)


PATH = _Path(path_type=Path)
checkpoint_option = click.option(
    "--checkpoint",
    type=click.IntRange(min=0),
    metavar="STEP",
    help="The student in RUN's checkpoint of that optimizer step.",
)


def limit_option(default: int, what: str) -> Callable[[F], F]:
    """Add `-n`, the most of `what` to show, to a command."""
    return click.option(
        "-n",
        "--limit",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        help=f"Most {what} to show.",
    )


_OPTIONS = {
    "config": click.option(
        "--config",
        "config_file",
        type=PATH,
        help="TOML file with any settings; config.toml of a run is one.",
    ),
    "env": click.option(
        "--env",
        metavar="NAME|MODULE:CLASS",
        help="Environment, or several with weights: NAME,NAME=0.5; see `mentor envs`. A class of "
        "your own: MODULE:CLASS or FILE.py:CLASS.",
    ),
    "model": click.option(
        "--model",
        metavar="MODEL",
        help="Student: embedded, embedded/NAME, a hub id, a directory or a GGUF file.",
    ),
    "tasks": click.option(
        "--tasks",
        type=PATH,
        metavar="FILE",
        help="Tasks of your own: question/answer rows, .jsonl or .jsonl.gz.",
    ),
    "seed": click.option("--seed", type=int, help="Seed of everything random."),
    "set": click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Any other setting, such as --set train.group_size=16; may be repeated.",
    ),
}


def configuration_options(command: F) -> F:
    """Add `--config --env --model --tasks --seed --set` to a command."""
    return configuration_options_without()(command)


def configuration_options_without(*names: str) -> Callable[[F], F]:
    """Add the same options without some, which the command itself defines in another way."""

    def add(command: F) -> F:
        for name, option in reversed(_OPTIONS.items()):
            if name not in names:
                command = option(command)
        return command

    return add


def check_output(file: Path | None) -> None:
    """Refuse a file that could not be written, or not be read again, before work is done for it.

    Raises:
        ConfigError: the file's directory does not exist, or the name asks for compression.
    """
    if file is None:
        return
    if file.suffix == ".gz":
        raise ConfigError(f"--output {file}: it is written as plain JSON lines; leave out .gz")
    if not file.parent.is_dir():
        raise ConfigError(f"--output {file}: there is no directory {file.parent}")


def component_options(given: Sequence[str]) -> dict[str, Any]:
    """The options of a component, from `--option KEY=VALUE`, each as `--set` would read it.

    Raises:
        ConfigError: there is no `=`, or no key before it.
    """
    from mentor_runs.settings.tables import merge, parse_setting

    options: dict[str, Any] = {}
    for setting in given:
        options = merge(options, parse_setting(setting))
    return options


def configuration(
    config_file: Path | None,
    env: str | None,
    model: str | None,
    tasks: Path | None,
    seed: int | None,
    settings: Sequence[str],
    rewards: str | None = None,
    more: Mapping[str, Any] | None = None,
    base: Mapping[str, Any] | None = None,
) -> RunConfig:
    """The resolved configuration.

    Args:
        rewards: value of `--rewards`, if the command has this option.
        more: further settings from the command's own flags.
        base: settings of a run that the command starts from; the file's settings override them.

    Raises:
        ConfigError: a key, value or name is wrong.
        PluginError: a user's own class is not of its kind.
    """
    from mentor_runs.settings.naming import name_environments, with_names
    from mentor_runs.settings.paths import anchored
    from mentor_runs.settings.resolve import parse_rewards, resolve
    from mentor_runs.settings.tables import merge, parse_setting, read_toml

    values: dict[str, Any] = dict(base or {})
    given: dict[str, Any] = {}
    for setting in settings:
        given = merge(given, parse_setting(setting))
    if config_file is not None:
        read = with_names(read_toml(config_file), config_file.absolute().parent)
        chosen = merge(merge(merge(values, read), {"env": env} if env else {}), given)
        values = _over(values, anchored(read, config_file.absolute().parent, chosen))
    flags: dict[str, Any] = {"env": env, "model": model, "seed": seed, **(more or {})}
    values = _over(values, {key: value for key, value in flags.items() if value is not None})
    if tasks is not None:
        values = merge(values, {"env_options": {"tasks_file": str(tasks.absolute())}})
    if rewards is not None:  # --rewards replaces the file's, as weights belong together
        values["reward"] = parse_rewards(rewards)
    if rewards is not None and _preset(given):
        raise ConfigError("--rewards and --set reward.preset both choose the reward; give one")
    values = _over(values, given)
    config = resolve(values, str(config_file) if config_file else "configuration")
    name_environments(config.model_dump(), strict=True)  # what could not be loaded is told
    if tasks is not None and len(config.environments) > 1:
        raise ConfigError(
            f"--tasks {tasks}: the run has several environments; say whose tasks they are: "
            f"--set env_options.NAME.tasks_file={tasks}, with NAME one of "
            + ", ".join(config.environments)
        )
    return config


def _over(values: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, overridden by settings of a later source.

    A preset replaces the reward of earlier sources as a whole, as weights belong together. If the
    later source names other environments, only options of remaining environments are kept.
    """
    from mentor_runs.settings.mixture import carry_options, parse_mixture
    from mentor_runs.settings.naming import name_environments
    from mentor_runs.settings.tables import merge

    values, later = dict(values), name_environments(later)
    if _preset(later):
        values.pop("reward", None)
    old, new, options = values.get("env"), later.get("env"), values.get("env_options")
    if isinstance(old, str) and isinstance(new, str) and isinstance(options, Mapping):
        with suppress(ValueError, ConfigError):  # what is wrong is told when all is known
            values["env_options"] = carry_options(old, new, options)
    classes = values.get("env_classes")
    if isinstance(new, str) and isinstance(classes, Mapping):
        with suppress(ValueError):
            stay = parse_mixture(new)
            values["env_classes"] = {name: classes[name] for name in classes if name in stay}
    return merge(values, later)


def _preset(values: Mapping[str, Any]) -> bool:
    reward = values.get("reward")
    return isinstance(reward, Mapping) and bool(reward.get("preset"))
