"""From mentor's configuration to TRL's and PEFT's."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from mentor_core.support.errors import ConfigError
from mentor_runs.settings.config import RunConfig
from mentor_runs.settings.keys import unknown_keys

__all__ = ["BYPASSED", "check_adapters", "check_settings", "lora_config", "trainer_settings"]

_OWN = {
    "max_steps": "train.steps",
    "num_generations": "train.group_size",
    "generation_batch_size": "train.tasks_per_step",
    "steps_per_generation": "train.tasks_per_step",
    "per_device_train_batch_size": "train.micro_batch",
    "gradient_accumulation_steps": "train.micro_batch",
    "learning_rate": "train.learning_rate",
    "save_steps": "train.checkpoint_every",
    "save_strategy": "train.checkpoint_every",
    "save_total_limit": "train.keep_checkpoints",
    "mask_truncated_completions": "train.mask_truncated",
    "scale_rewards": "credit_options.scale",
    "multi_objective_aggregation": "reward.composer",
    "reward_weights": "reward.terms",
    "max_completion_length": "rollout.max_episode_tokens",
    "temperature": "rollout.temperature",
    "top_p": "rollout.top_p",
    "top_k": "rollout.top_k",
    "min_p": "rollout.min_p",
    "bf16": "train.bf16",
    "gradient_checkpointing": "train.gradient_checkpointing",
    "seed": "seed",
    "output_dir": "--output",
    "report_to": "trackers",
    "shuffle_dataset": "sampler",
}
"""TRL setting → the setting of mentor that decides it."""
_FIXED = ("disable_tqdm", "remove_unused_columns")
"""TRL settings that mentor needs unchanged."""
BYPASSED = frozenset(
    {
        *("beta", "delta", "epsilon", "epsilon_high", "loss_type", "importance_sampling_level"),
        *("top_entropy_quantile", "off_policy_mask_threshold", "use_bias_correction_kl"),
        *("entropy_coef", "entropy_coef_delta", "entropy_coef_max", "entropy_coef_min"),
        *("use_adaptive_entropy", "entropy_target", "sapo_temperature_pos", "sapo_temperature_neg"),
        *("vespo_k_pos", "vespo_k_neg", "vespo_lambda_pos", "vespo_lambda_neg", "use_liger_kernel"),
    }
)
"""Settings of TRL's own loss, which an objective replaces."""


def check_settings(config: RunConfig, processes: int) -> None:
    """Refuse settings that TRL and PEFT would refuse later, or would silently ignore.

    Raises:
        ConfigError: names the key, and a setting to use instead.
    """
    lora_config(config)
    if config.train.steps and config.rollout.temperature == 0:
        raise ConfigError(
            "rollout.temperature=0 is greedy: all episodes of a group would be the same, and "
            "nothing could be learnt from them; set it above 0 (evaluations have a temperature of "
            "their own, evaluate.temperature)"
        )
    given = list(config.train.trl)
    for key in given:
        if key in _OWN:
            raise ConfigError(f"train.trl.{key}: set {_OWN[key]} instead")
        if key in _FIXED:
            raise ConfigError(f"train.trl.{key}: mentor needs it as it is; leave it out")
    if given:
        from trl import GRPOConfig

        known = [field.name for field in dataclasses.fields(GRPOConfig) if field.init]
        unknown = [key for key in given if key not in known]
        if unknown:
            raise ConfigError(f"train.trl: {unknown_keys(unknown, known)}")
    train = config.train
    episodes = train.tasks_per_step * train.group_size
    if episodes % (_micro_batch(config, processes) * processes):
        raise ConfigError(
            f"train: a step has {train.tasks_per_step} × {train.group_size} = {episodes} episodes, "
            f"which do not divide into micro batches of {_micro_batch(config, processes)} on "
            f"{processes} process(es); change train.micro_batch or train.tasks_per_step"
        )
    if config.train.trl.get("beta") and config.model.endswith(".gguf") and train.lora is None:
        raise ConfigError(
            "train.trl.beta needs a second copy of the model, which TRL cannot load from a GGUF "
            "file; convert it to a directory, or train with LoRA"
        )


def trainer_settings(
    config: RunConfig, output: Path, processes: int, steps: int | None = None
) -> Any:
    """TRL's GRPOConfig.

    Args:
        output: folder of the checkpoints.
        steps: optimizer steps of the stage; `train.steps` if not given.

    Raises:
        ConfigError: TRL refuses a value of `train.trl`.
    """
    import torch
    from trl import GRPOConfig

    train, rollout = config.train, config.rollout
    micro_batch = _micro_batch(config, processes)
    episodes = train.tasks_per_step * train.group_size
    settings: dict[str, Any] = {
        "lr_scheduler_type": "constant",
        "loss_type": "dapo",
        "beta": 0.0,
        "logging_steps": 1,
        "max_grad_norm": 0.2,
        "use_cpu": not torch.cuda.is_available(),
        **train.trl,
        "output_dir": str(output),
        "max_steps": train.steps if steps is None else steps,
        "num_generations": train.group_size,
        "per_device_train_batch_size": micro_batch,
        "gradient_accumulation_steps": episodes // (micro_batch * processes),
        "learning_rate": train.learning_rate,
        "save_strategy": "steps",
        "save_steps": train.checkpoint_every,
        "save_total_limit": None,  # TRL would delete the old one before the new one is sealed
        "max_completion_length": rollout.max_episode_tokens,
        "temperature": rollout.temperature,
        "bf16": train.bf16,
        "gradient_checkpointing": train.gradient_checkpointing,
        "seed": config.seed,
        "shuffle_dataset": False,
        "remove_unused_columns": False,
        "report_to": "none",
        "disable_tqdm": True,
    }
    try:
        return GRPOConfig(**settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train.trl: {error}") from error


def lora_config(config: RunConfig) -> Any:
    """PEFT's LoraConfig; None if adapters are not asked for.

    Raises:
        ConfigError: PEFT is not installed, or refuses a setting.
    """
    options = config.train.lora
    if options is None:
        return None
    try:
        from peft import LoraConfig
    except ImportError as error:
        raise ConfigError("train.lora needs peft: pip install 'mentor-core[lora]'") from error
    known = [field.name for field in dataclasses.fields(LoraConfig) if field.init]
    unknown = [key for key in options if key not in known]
    if unknown:
        raise ConfigError(f"train.lora: {unknown_keys(unknown, known)}")
    defaults = {"task_type": "CAUSAL_LM", "target_modules": "all-linear"}
    try:
        return LoraConfig(**{**defaults, **options})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train.lora: {error}") from error


def check_adapters(config: RunConfig, model: Any) -> None:
    """Refuse LoRA settings that do not fit the model; needs only the model's shapes.

    Raises:
        ConfigError: PEFT cannot make the adapters.
    """
    lora = lora_config(config)
    if lora is None:
        return
    import torch
    from peft import get_peft_model

    try:
        with torch.device("meta"):
            get_peft_model(type(model)(model.config), lora)
    except Exception as error:  # PEFT checks little: passed on, whatever its layers raise
        raise ConfigError(f"train.lora: {error}") from error


def _micro_batch(config: RunConfig, processes: int) -> int:
    """The micro batch, reduced to a process's number of episodes if that is smaller."""
    episodes = config.train.tasks_per_step * config.train.group_size
    return min(config.train.micro_batch, max(episodes // processes, 1))
