"""RunConfig: every setting of a run, with type, default and meaning.

An unknown key is an error. The resolved configuration is written to the run directory, from which
the same run can be made again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mentor_core.contracts.task import Split
from mentor_runs.settings.mixture import format_mixture, parse_mixture
from mentor_runs.settings.model_names import EMBEDDED
from mentor_toolkit.secrets import hide_settings

__all__ = [
    "EvaluateConfig",
    "RewardConfig",
    "RolloutConfig",
    "RunConfig",
    "Sign",
    "TrainConfig",
    "to_toml",
]

Positive = Annotated[int, Field(gt=0)]
Sign = Literal["few_calls", "low_entropy", "zero_variance", "truncation", "reward_hacking"]
"""A sign that a training goes wrong."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is int:
            raise ValueError(f"expected a whole number, not {str(value).lower()}")
        return value


def _options(of: str) -> Any:
    """The field for the options of the component that the setting `of` names."""
    return Field(default_factory=dict, description=f"options of the {of}")


def _among(classes: dict[str, str], known: Mapping[str, Any], what: str) -> dict[str, str]:
    for name in classes:
        if name not in known:
            raise ValueError(f"{name!r} is not among {what} ({', '.join(known)})")
    return classes


class RewardConfig(_Section):
    """Terms and composer of the reward."""

    preset: str = Field(
        "mentor", description="gives the settings that are not set here; empty: none"
    )
    description: str = Field("", description="a note on the reward, as presets have one")
    terms: dict[str, float] = Field(default_factory=dict, description="reward term → weight")
    term_options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="reward term → its options"
    )
    term_classes: dict[str, str] = Field(
        default_factory=dict,
        description="term → MODULE:CLASS, FILE.py:CLASS or DISTRIBUTION:NAME, if it is not a "
        "registered name",
    )
    composer: str = Field(
        "",
        description="from scores to one reward; empty: the preset's, else outcome_gated or "
        "weighted_sum",
    )
    composer_options: dict[str, Any] = _options("composer")

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
    """Settings of playing episodes."""

    temperature: float = Field(1.0, ge=0, description="of sampling; 0: greedy")
    top_p: float = Field(
        1.0, gt=0, le=1, description="samples from the likeliest tokens of this total probability"
    )
    top_k: int = Field(0, ge=0, description="samples from so many likeliest tokens; 0: off")
    min_p: float = Field(
        0.0, ge=0, le=1, description="least probability of a token, relative to the likeliest"
    )
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
    """Settings of the training."""

    steps: int = Field(40, ge=0, description="optimizer steps; 0 evaluates only")
    tasks_per_step: Positive = Field(8, description="groups of a step, all processes together")
    group_size: int = Field(8, ge=2, description="episodes of one group")
    micro_batch: Positive = Field(16, description="episodes of one forward and backward pass")
    learning_rate: float | None = Field(
        None, gt=0, description="not set: 1e-4 for an embedded student, 1e-6 for any other"
    )
    checkpoint_every: Positive = Field(
        10, description="optimizer steps from one checkpoint to the next"
    )
    keep_checkpoints: Positive = Field(2, description="newest checkpoints that are kept")
    mask_truncated: bool = Field(
        False, description="no loss on episodes that ran out of tokens, turns or time"
    )
    record_every: Positive = Field(1, description="steps whose trajectories are kept: every n-th")
    bf16: bool = Field(False, description="mixed precision: computes in bfloat16")
    gradient_checkpointing: bool = Field(
        False, description="computes activations again, to save memory"
    )
    stop_on: list[Sign] = Field(
        default_factory=list,
        description="signs of bad health at which the run ends: " + ", ".join(get_args(Sign)),
    )
    trl: dict[str, Any] = Field(
        default_factory=dict, description="any other setting of trl.GRPOConfig (beta, loss_type …)"
    )
    lora: dict[str, Any] | None = Field(
        None, description="settings of peft.LoraConfig; trains adapters only"
    )


class EvaluateConfig(_Section):
    """Settings of the evaluations before and after training."""

    tasks: int = Field(
        128, ge=0, description="most tasks of each split and environment; 0: no evaluation"
    )
    samples: Positive = Field(1, description="episodes a task")
    temperature: float = Field(0.0, ge=0, description="0: greedy, the same every time")
    policy: str = Field("transformers", description="player of the evaluations")
    policy_options: dict[str, Any] = _options("policy")
    splits: list[Split] = Field(
        default=["eval", "ood"], description="train, eval, ood, or shifts of the environments"
    )

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
        default_factory=dict, description="with several environments: name → options"
    )
    model: str = Field(
        EMBEDDED,
        min_length=1,
        description="embedded (the student of the first environment that has one, else the default "
        "environment's), embedded/NAME, a hub id, a directory or a GGUF file",
    )
    model_options: dict[str, Any] = Field(
        default_factory=dict, description="arguments of transformers' from_pretrained"
    )
    reward: RewardConfig = Field(default_factory=RewardConfig)
    source: str = Field("expert", description="source of reference trajectories")
    source_options: dict[str, Any] = _options("source")
    sampler: str = Field("uniform", description="chooses the next tasks to train on")
    sampler_options: dict[str, Any] = _options("sampler")
    plan: str = Field("fresh", description="beginning of the episodes of reinforcement")
    plan_options: dict[str, Any] = _options("plan")
    objective: str = Field("trl", description="from advantages to the loss of reinforcement")
    objective_options: dict[str, Any] = _options("objective")
    credit: str = Field("group", description="from rewards to advantages")
    credit_options: dict[str, Any] = _options("credit")
    critic: str | None = Field(None, description="values of states, for credits that need them")
    critic_options: dict[str, Any] = _options("critic")
    policy: str = Field("transformers", description="player of the rollouts")
    policy_options: dict[str, Any] = _options("policy")
    parser: str = Field("auto", description="the model's format of tool calls")
    gate: str | None = Field(None, description="asked before each tool call")
    gate_options: dict[str, Any] = _options("gate")
    judge: str | None = Field(None, description="judge of turns, for gates that need one")
    judge_options: dict[str, Any] = _options("judge")
    trainer: str = Field("grpo", description="way of training the student")
    trainer_options: dict[str, Any] = _options("trainer")
    warm_start: str = Field(
        "", description="a trainer and its steps before the training: sft:64; empty: none"
    )
    warm_start_options: dict[str, Any] = Field(
        default_factory=dict, description="options of the warm start's trainer"
    )
    trackers: list[str] = Field(
        default_factory=lambda: ["jsonl"], description="receivers of metrics and results"
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
    seed: int = Field(0, ge=0, lt=2**32, description="of everything random in the run")

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


def to_toml(config: RunConfig) -> str:
    """The configuration as TOML; `resolve` gives the same configuration, except secrets."""
    return tomli_w.dumps(_plain(hide_settings(config.model_dump())))


def _plain(value: Any) -> Any:
    """The value without None, which TOML lacks; keys that may be None have this default."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return value
