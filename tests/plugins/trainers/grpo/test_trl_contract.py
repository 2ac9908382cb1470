"""Fails loudly when TRL changes a private method that mentor overrides or relies on.

When it does: read TRL's change, adapt `trainer.py` of the trainer grpo, run the slow tests, and
only then write the new fingerprint down here.
"""

from __future__ import annotations

import hashlib
import inspect

import pytest
import trl
from trl import GRPOTrainer

FINGERPRINTS = {
    "_calculate_rewards": "736ae29b083840b5",
    "_compute_loss": "80295546bbdbf6f7",
    "_generate": "2a27fdf8f5e6f356",
    "_generate_and_score_completions": "1fa48922792dcd5c",
    "_get_per_token_logps_and_entropies": "ea73c3909275851d",
    "_get_train_sampler": "36497afb4d311dc9",
    "_prepare_inputs": "f824e7fb07147956",
    "_save_checkpoint": "ec91bde123649111",
    "_send_telemetry": "3e012069065d03d1",
    "log": "1e7772819cc8cf09",
    "training_step": "9e18632f7dd8e8d8",
}


def fingerprint(method) -> str:
    return hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:16]


def test_the_installed_minor_version_is_the_tested_one():
    assert trl.__version__.split(".")[:2] == ["1", "16"]


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_the_method_is_the_one_that_was_read(name):
    assert fingerprint(getattr(GRPOTrainer, name)) == FINGERPRINTS[name], (
        f"TRL's GRPOTrainer.{name} has changed; see the docstring of this file"
    )


def test_what_mentor_overrides_is_what_is_watched():
    from mentor_plugins.trainers.grpo.trainer import MentorTrainer

    overridden = {
        name
        for name in vars(MentorTrainer)
        if hasattr(GRPOTrainer, name) and name.startswith("_") and not name.startswith("__")
    }
    assert overridden - {"_abc_impl"} <= set(FINGERPRINTS)
