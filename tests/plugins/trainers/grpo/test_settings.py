"""mentor's settings as TRL's and PEFT's: what they would refuse late is refused at once."""

import pytest

from mentor_core.support.errors import ConfigError
from mentor_plugins.trainers.grpo.settings import (
    _OWN,
    check_settings,
    lora_config,
    trainer_settings,
)
from mentor_runs.settings.resolve import resolve


def config_of(model="embedded", **train):
    return resolve({"model": model, "train": train})


@pytest.mark.parametrize("key", sorted(_OWN))
def test_a_setting_that_mentor_decides_names_mentors_own(key):
    """TRL's would be overwritten, and whoever set it would never know."""
    with pytest.raises(ConfigError) as error:
        check_settings(config_of(trl={key: 1}), 1)
    assert str(error.value) == f"train.trl.{key}: set {_OWN[key]} instead"


@pytest.mark.parametrize("key", ["disable_tqdm", "remove_unused_columns"])
def test_a_setting_that_cannot_be_changed_is_not_silently_ignored(key):
    with pytest.raises(ConfigError, match=f"train.trl.{key}: mentor needs it as it is"):
        check_settings(config_of(trl={key: True}), 1)


def test_any_other_setting_of_trl_is_passed_on(tmp_path):
    given = {"loss_type": "grpo", "max_grad_norm": 0.5, "lr_scheduler_type": "linear"}
    settings = trainer_settings(config_of(trl=given, steps=7, learning_rate=1e-5), tmp_path, 1)
    assert {key: getattr(settings, key) for key in given} == given
    assert (settings.max_steps, settings.learning_rate, settings.beta) == (7, 1e-5, 0.0)


@pytest.mark.parametrize(
    ("trl", "message"),
    [
        ({"losstype": "grpo"}, "train.trl: unknown key 'losstype'; did you mean loss_type"),
        (
            {"betta": 1, "epsilom": 1},
            "unknown key 'betta'; did you mean beta.*; unknown key 'epsilom'; did you mean epsilon",
        ),
    ],
)
def test_an_unknown_key_of_trl_names_the_nearest(trl, message):
    with pytest.raises(ConfigError, match=message):
        check_settings(config_of(trl=trl), 1)


def test_a_value_that_trl_refuses_is_a_setting_and_not_a_traceback(tmp_path):
    with pytest.raises(ConfigError, match=r"train\.trl: .*"):
        trainer_settings(config_of(trl={"eval_strategy": "sometimes"}), tmp_path, 1)


@pytest.mark.parametrize(
    ("train", "processes", "micro", "accumulated"),
    [
        ({"tasks_per_step": 8, "group_size": 8, "micro_batch": 16}, 1, 16, 4),
        ({"tasks_per_step": 8, "group_size": 8, "micro_batch": 16}, 2, 16, 2),
        ({"tasks_per_step": 1, "group_size": 4, "micro_batch": 16}, 1, 4, 1),
        ({"tasks_per_step": 3, "group_size": 2, "micro_batch": 3}, 1, 3, 2),
    ],
)
def test_a_step_divides_into_micro_batches(train, processes, micro, accumulated, tmp_path):
    config = config_of(**train)
    check_settings(config, processes)
    settings = trainer_settings(config, tmp_path, processes)
    assert settings.per_device_train_batch_size == micro
    assert settings.gradient_accumulation_steps == accumulated


def test_a_group_may_span_all_processes():
    check_settings(config_of(tasks_per_step=1, group_size=4), 4)


@pytest.mark.parametrize(
    ("train", "processes", "message"),
    [
        ({"tasks_per_step": 3, "group_size": 3, "micro_batch": 2}, 1, "3 × 3 = 9 episodes"),
        ({"tasks_per_step": 8, "group_size": 8}, 3, "of 16 on 3 process"),
        ({"tasks_per_step": 1, "group_size": 2}, 4, "of 1 on 4 process"),
    ],
)
def test_a_step_that_does_not_divide_says_what_to_change(train, processes, message):
    with pytest.raises(ConfigError, match=f"{message}.*change train.micro_batch"):
        check_settings(config_of(**train), processes)


def test_a_kl_term_on_a_gguf_student_is_refused_unless_adapters_are_trained():
    with pytest.raises(ConfigError, match=r"train\.trl\.beta needs a second copy"):
        check_settings(config_of("x.gguf", trl={"beta": 0.1}), 1)
    check_settings(config_of("x.gguf", trl={"beta": 0.1}, lora={"r": 4}), 1)
    check_settings(config_of("x.gguf", trl={"beta": 0.0}), 1)


def test_adapters_are_made_only_where_they_are_asked_for():
    assert lora_config(config_of()) is None


def test_adapters_cover_all_linear_layers_unless_told_otherwise():
    pytest.importorskip("peft")
    made = lora_config(config_of(lora={"r": 4}))
    assert (made.r, made.target_modules, made.task_type) == (4, "all-linear", "CAUSAL_LM")
    assert lora_config(config_of(lora={"target_modules": ["q_proj"]})).target_modules == {"q_proj"}


@pytest.mark.parametrize(
    ("lora", "message"),
    [
        ({"rank": 4}, "train.lora: unknown key 'rank'"),
        ({"lora_alfa": 4}, "train.lora: unknown key 'lora_alfa'; did you mean lora_alpha"),
        ({"layers_to_transform": [1]}, "train.lora: .*layers_to_transform"),
    ],
)
def test_what_peft_refuses_is_a_setting_and_not_a_traceback(lora, message):
    pytest.importorskip("peft")
    with pytest.raises(ConfigError, match=message):
        lora_config(config_of(lora=lora))
