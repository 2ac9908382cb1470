"""RunConfig: every setting of a run, from defaults, a preset, a TOML file and flags.

Later sources win: defaults ← `--config FILE` ← flags ← `--set a.b=value`. A key nobody knows
is an error. The resolved configuration is written to the run directory, from which the
same run can be made again.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mentor_core.contracts.task import Split
from mentor_core.door.registry import (
    ENVIRONMENTS,
    PRESETS,
    REWARD_TERMS,
    Kind,
    entry,
    is_reference,
    load,
    names,
    resource,
)
from mentor_core.model.models import EMBEDDED, embedded_student, is_embedded
from mentor_core.play.health import SIGNS, Sign
from mentor_core.play.mixture import format_mixture, parse_mixture, split_weight
from mentor_core.run.naming import name_terms, with_names
from mentor_core.run.paths import anchored
from mentor_core.support.errors import ConfigError, MentorError, UnknownName, nearest
from mentor_core.support.redaction import hide_settings
from mentor_core.support.validation import Problem, keys_of, near_key, problems, quoted

__all__ = [
    "EvaluateConfig",
    "RewardConfig",
    "RolloutConfig",
    "RunConfig",
    "TrainConfig",
    "merge",
    "parse_rewards",
    "parse_setting",
    "read_toml",
    "resolve",
    "to_toml",
    "unknown_keys",
]

_EMBEDDED_RATE = 1e-4  # 3e-4 makes it forget how to copy numbers within 40 steps
_PAPER_RATE = 1e-6  # MENTOR, arXiv 2510.18383

Positive = Annotated[int, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is int:
            raise ValueError(f"expected a whole number, not {str(value).lower()}")
        return value


def _among(classes: dict[str, str], known: Mapping[str, Any], what: str) -> dict[str, str]:
    for name in classes:
        if name not in known:
            raise ValueError(f"{name!r} is not among {what} ({', '.join(known)})")
    return classes


class RewardConfig(_Section):
    """Which terms make up the reward, and how they are composed."""

    preset: str = Field("mentor", description="gives what is not set here; empty: nothing does")
    description: str = ""
    terms: dict[str, float] = Field(default_factory=dict, description="reward term → weight")
    term_options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    term_classes: dict[str, str] = Field(
        default_factory=dict,
        description="term → MODULE:CLASS, FILE.py:CLASS or DISTRIBUTION:NAME, if it is not a "
        "registered name",
    )
    composer: str = ""
    composer_options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("terms")
    @classmethod
    def _finite(cls, terms: dict[str, float]) -> dict[str, float]:
        for name, weight in terms.items():
            if not math.isfinite(weight):
                raise ValueError(f"the weight of {name!r} is {weight}; expected a finite number")
        if terms and not any(terms.values()):
            raise ValueError("all weights are zero")
        return terms

    @field_validator("term_classes")
    @classmethod
    def _of_these_terms(cls, classes: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        return _among(classes, info.data.get("terms") or classes, "the reward's terms")


class RolloutConfig(_Section):
    """How episodes are played."""

    temperature: float = Field(1.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=0, description="0: off")
    min_p: float = Field(0.0, ge=0, le=1)
    episodes: Positive = Field(256, description="most episodes that are open at a time")
    max_turns: Positive = Field(8, description="assistant turns of an episode")
    max_turn_tokens: Positive = Field(256, description="sampled tokens of a turn")
    max_episode_tokens: Positive = Field(2048, description="tokens of an episode after its prompt")
    tool_workers: Positive = Field(32, description="synchronous tools that run at a time")
    tool_seconds: float = Field(30.0, gt=0, description="time limit of one tool call")
    episode_seconds: float = Field(
        0.0, ge=0, description="wall time of an episode; 0: no limit, which is reproducible"
    )
    max_error_share: float = Field(
        0.5, ge=0, le=1, description="a run stops if more of a batch's episodes break"
    )


class TrainConfig(_Section):
    """How the student is trained."""

    steps: int = Field(40, ge=0, description="optimizer steps; 0 evaluates only")
    tasks_per_step: Positive = Field(8, description="groups of a step, all processes together")
    group_size: int = Field(8, ge=2, description="episodes of one group")
    micro_batch: Positive = Field(16, description="episodes of one forward and backward pass")
    learning_rate: float | None = Field(
        None, gt=0, description="not set: 1e-4 for an embedded student, 1e-6 for any other"
    )
    checkpoint_every: Positive = Field(10, description="optimizer steps")
    keep_checkpoints: Positive = 2
    mask_truncated: bool = Field(
        False, description="no loss on episodes that ran out of tokens, turns or time"
    )
    record_every: Positive = Field(1, description="steps whose trajectories are kept: every n-th")
    bf16: bool = False
    gradient_checkpointing: bool = False
    stop_on: list[Sign] = Field(
        default_factory=list,
        description="signs of bad health at which the run ends: " + ", ".join(SIGNS),
    )
    trl: dict[str, Any] = Field(
        default_factory=dict, description="any other setting of trl.GRPOConfig (beta, loss_type …)"
    )
    lora: dict[str, Any] | None = Field(
        None, description="settings of peft.LoraConfig; trains adapters only"
    )


class EvaluateConfig(_Section):
    """How the student is evaluated before and after training."""

    tasks: int = Field(
        128, ge=0, description="most tasks of each split and environment; 0: no evaluation"
    )
    samples: Positive = Field(1, description="episodes a task")
    temperature: float = Field(0.0, ge=0, description="0: greedy, the same every time")
    policy: str = Field("transformers", description="what generates the evaluation's episodes")
    policy_options: dict[str, Any] = Field(default_factory=dict)
    splits: list[Split] = Field(default=["eval", "ood"])

    @model_validator(mode="after")
    def _worth_repeating(self) -> Self:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError("samples > 1 would repeat the same greedy episode; set a temperature")
        return self


class RunConfig(_Section):
    """All settings of a run."""

    env: str = Field("calculator", description="an environment, or several: NAME,NAME=WEIGHT")
    env_classes: dict[str, str] = Field(
        default_factory=dict,
        description="environment → MODULE:CLASS, FILE.py:CLASS or DISTRIBUTION:NAME, if it is not "
        "a registered name",
    )
    env_options: dict[str, Any] = Field(
        default_factory=dict, description="of several environments each has those under its name"
    )
    model: str = Field(
        EMBEDDED,
        min_length=1,
        description="embedded (the student of the first environment that has one, else that of the "
        "default environment), embedded/NAME, a hub id, a directory or a GGUF file",
    )
    model_options: dict[str, Any] = Field(default_factory=dict)
    reward: RewardConfig = Field(default_factory=RewardConfig)
    source: str = Field("expert", description="where reference trajectories come from")
    source_options: dict[str, Any] = Field(default_factory=dict)
    sampler: str = Field("uniform", description="which tasks are trained on next")
    sampler_options: dict[str, Any] = Field(default_factory=dict)
    plan: str = Field("fresh", description="how the episodes of reinforcement begin")
    plan_options: dict[str, Any] = Field(default_factory=dict)
    credit: str = Field("group", description="from rewards to advantages")
    credit_options: dict[str, Any] = Field(default_factory=dict)
    policy: str = Field("transformers", description="what generates the rollouts")
    policy_options: dict[str, Any] = Field(default_factory=dict)
    parser: str = Field("auto", description="the model's format of tool calls")
    gate: str | None = Field(None, description="asked before each tool call")
    trainer: str = Field("grpo", description="how the student is trained")
    trainer_options: dict[str, Any] = Field(default_factory=dict)
    warm_start: str = Field(
        "", description="a trainer and its steps before the training: sft:64; empty: none"
    )
    warm_start_options: dict[str, Any] = Field(default_factory=dict)
    trackers: list[str] = Field(
        default_factory=lambda: ["jsonl"], description="where metrics and results go"
    )
    tracker_options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="tracker → its options"
    )
    reports: list[str] = Field(
        default_factory=lambda: ["html"], description="files that show the run when it has ended"
    )
    report_options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="report → its options"
    )
    rollout: RolloutConfig = Field(default_factory=RolloutConfig)
    train: TrainConfig = Field(default_factory=TrainConfig)
    evaluate: EvaluateConfig = Field(default_factory=EvaluateConfig)
    seed: int = Field(0, ge=0, lt=2**32)

    @field_validator("env", mode="before")
    @classmethod
    def _written_one_way(cls, env: Any) -> str:
        if not isinstance(env, str):
            raise ValueError("expected text such as NAME,NAME=0.5")
        return format_mixture(parse_mixture(env))

    @field_validator("env_classes")
    @classmethod
    def _of_this_run(cls, classes: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        known = parse_mixture(info.data["env"]) if "env" in info.data else classes
        return _among(classes, known, "the run's environments")

    @field_validator("warm_start")
    @classmethod
    def _trainer_and_steps(cls, text: str) -> str:
        name, colon, steps = text.partition(":")
        if text and not (name and colon and steps.isdecimal() and int(steps)):
            raise ValueError(f"expected TRAINER:STEPS, such as sft:64, not {text!r}")
        return text

    @property
    def warm(self) -> tuple[str, int] | None:
        """The trainer that goes before the run's own, and its steps."""
        name, _, steps = self.warm_start.partition(":")
        return (name, int(steps)) if name else None

    @property
    def environments(self) -> dict[str, float]:
        """Environment → its weight, in the order given."""
        return parse_mixture(self.env)


def resolve(values: Mapping[str, Any], where: str = "configuration") -> RunConfig:
    """Validate settings; fill in the reward preset, names, and which student is embedded.

    Paths become absolute; see `paths` for settings that are written elsewhere.

    Args:
        values: nested settings, as TOML gives them.
        where: what to call their origin in an error message.

    Raises:
        ConfigError: unknown key, bad value, or unknown preset; names key and expectation.
    """
    values = anchored(with_names(values), Path.cwd())
    config = _validate(values, where)
    if config.model == EMBEDDED:
        default: str = RunConfig.model_fields["env"].default
        values = {**values, "model": embedded_student([*config.environments, default])}
    if config.train.learning_rate is None:
        rate = _EMBEDDED_RATE if is_embedded(config.model) else _PAPER_RATE
        values = merge(values, {"train": {"learning_rate": rate}})
        config = _validate(values, where)
    preset = config.reward.preset
    given = {key: value for key, value in values.get("reward", {}).items() if value != ""}
    merged = merge(_base(preset, given), given) if preset else given
    merged.setdefault("composer", _default_composer(merged.get("terms", {})))
    # The preset is resolved: what it gave stands in the configuration from now on.
    resolved = {**values, "reward": {**merged, "preset": ""}}
    return _validate(resolved, f"preset {preset!r}" if preset else where)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `over` on top, table by table."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables.

    Raises:
        ConfigError: it is not there or is not TOML; names file and line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_setting(text: str) -> dict[str, Any]:
    """`a.b=value` as nested tables; the value is TOML, or a bare string where it is not.

    Raises:
        ConfigError: there is no `=`, or no key before it.
    """
    key, equals, raw = text.partition("=")
    if not equals or not all(part.strip() for part in key.split(".")):
        raise ConfigError(f"--set {text!r}: expected KEY=VALUE, such as train.steps=80")
    read: dict[str, Any] = {}
    with suppress(tomllib.TOMLDecodeError):
        read = tomllib.loads(f"value = {raw}")
    value: Any = read["value"] if len(read) == 1 else raw  # more of them: further lines
    for part in reversed(key.split(".")):
        value = {part.strip(): value}
    nested: dict[str, Any] = value
    return nested


def parse_rewards(text: str) -> dict[str, Any]:
    """`--rewards`: a preset's name, or `term,term` or `term=weight,…`.

    Raises:
        ConfigError: a name or a weight is wrong; names the nearest.
        PluginError: a class that is given as MODULE:CLASS cannot be used.
    """
    if _is_registered(PRESETS, text):
        return {"preset": text}
    terms: dict[str, float] = {}
    known = names(REWARD_TERMS)
    for part in text.split(","):
        name, equals, weight = split_weight(part)
        if is_reference(REWARD_TERMS, name):
            load(REWARD_TERMS, name)
        elif not _is_registered(REWARD_TERMS, name):
            if name in names(PRESETS):
                raise ConfigError(f"--rewards: {name!r} is a preset, not a term; give it alone")
            also = [*known, *names(PRESETS)] if "," not in text and not equals else known
            raise ConfigError(f"--rewards: unknown reward term {name!r}{nearest(name, also)}")
        if name in terms:
            raise ConfigError(f"--rewards: the term {name!r} is given twice")
        try:
            terms[name] = float(weight) if equals else 1.0
        except ValueError:
            raise ConfigError(
                f"--rewards: the weight of {name!r} is {weight!r}; expected a number"
            ) from None
    return name_terms({"terms": terms})


def _is_registered(kind: Kind[Any], name: str) -> bool:
    """Whether a name is one.

    Raises:
        AmbiguousName: it is that of several distributions.
    """
    try:
        entry(kind, name)
    except UnknownName:
        return False
    return True


def to_toml(config: RunConfig) -> str:
    """The configuration as TOML; `resolve` of it gives the same, but for secrets."""
    return tomli_w.dumps(_plain(hide_settings(config.model_dump())))


def _plain(value: Any) -> Any:
    """Without None, which TOML has not; the keys that may be None default to it."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return value


def _base(preset: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a preset gives beside the reward settings that are given."""
    base = tomllib.loads(resource(PRESETS, preset))
    terms = given.get("terms")
    if terms:  # terms of one's own replace the preset's, as weights belong together
        base.pop("terms", None)
        base.pop("term_classes", None)
        options = base.get("term_options", {})
        base["term_options"] = {k: v for k, v in options.items() if k in terms}
        if "composer" in given or "composer_options" in given or not _fits(base, terms):
            base.pop("composer", None)
            base.pop("composer_options", None)
    if given.get("composer", base.get("composer")) != base.get("composer"):
        base.pop("composer_options", None)  # they are another composer's
    if terms or "composer" in given:
        base.pop("description", None)
    return base


def _default_composer(terms: Mapping[str, float]) -> str:
    return "outcome_gated" if "outcome" in terms else "weighted_sum"


def _fits(preset: Mapping[str, Any], terms: Mapping[str, float]) -> bool:
    """Whether a preset's composer goes with terms of one's own."""
    rules = preset.get("composer_options", {}).get("rules", [])
    used = {name for rule in rules for name in [*rule.get("when", {}), *rule.get("weights", {})]}
    used |= {"outcome"} if preset.get("composer") == "outcome_gated" else set()
    return used <= set(terms)


def _validate(values: Mapping[str, Any], where: str) -> RunConfig:
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        found = "; ".join(_told(problem, values) for problem in problems(error, values))
        raise ConfigError(f"{where}: {found}") from None


def _told(problem: Problem, values: Mapping[str, Any]) -> str:
    if problem.kind == "unknown":
        keys = [*keys_of(RunConfig), *_environment_keys(values)]
        return f"unknown key {problem.key!r}{near_key(problem.path, keys)}"
    shell = quoted("--set ", problem.key, problem.example) if problem.example else ""
    return f"{problem.key}: {problem.text}" + (f"; in a shell: {shell}" if shell else "")


def _environment_keys(values: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of the options of the environments that are asked for."""
    with suppress(MentorError, ValueError, TypeError):  # what else is wrong is told elsewhere
        found = parse_mixture(values.get("env", RunConfig.model_fields["env"].default))
        for name in found:
            above = ("env_options", name) if len(found) > 1 else ("env_options",)
            yield from keys_of(load(ENVIRONMENTS, name).Options, above)


def unknown_keys(unknown: Sequence[str], known: Sequence[str]) -> str:
    """Unknown keys, each with the nearest known one."""
    return "; ".join(f"unknown key {key!r}{nearest(key, known)}" for key in unknown)
