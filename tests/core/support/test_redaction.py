"""Secrets stay out of texts and settings, and nothing else is lost from them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.redaction import (
    cut,
    hide,
    hide_argument,
)
from mentor_runs.settings.config import to_toml
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.secrets import hide_settings, secrets_in

KEY = "sk-live-7f3a9c"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("http://u:pw@host:80/v1", "http://***@host:80/v1"),
        ("https://tok@host/v1", "https://***@host/v1"),
        ("http://u:p@ss@host/v1", "http://***@host/v1"),
        ("http://u:pa/ss@host/v1", "http://***@host/v1"),
        ("http://host/v1?api_key=abc&n=1", "http://host/v1?api_key=***&n=1"),
        ("http://u:${PW}@host/v1", "http://u:${PW}@host/v1"),
        ("http://host:8000/v1?who=a@b", "http://host:8000/v1?who=a@b"),
        ("mail a@b, see http://host", "mail a@b, see http://host"),
        ("unexpected token: x; expected KEY=VALUE", "unexpected token: x; expected KEY=VALUE"),
    ],
)
def test_addresses_lose_user_and_password_and_nothing_else(text, left):
    assert hide(text) == left


@pytest.mark.parametrize(
    ("argument", "left"),
    [
        ('h={Authorization="Bearer a b", X="y"}', 'h={Authorization="***", X="y"}'),
        ("--set=model_options.token=hf_x", "--set=model_options.token=***"),
        ("--set=o.extra.api-key=a b", "--set=o.extra.api-key=***"),
        ("o.api_key_variable=MY_KEY", "o.api_key_variable=MY_KEY"),
        ("train.trl.eos_token=<end>", "train.trl.eos_token=<end>"),
        ("rollout.max_turn_tokens=256", "rollout.max_turn_tokens=256"),
    ],
)
def test_arguments_of_a_command_lose_settings_that_are_secrets(argument, left):
    assert hide_argument(argument) == left


def test_settings_keep_their_shape_and_name_variables():
    settings = {
        "headers": {"Authorization": "Bearer x", "X-Api-Key": "${K}", "Accept": "json"},
        "environment": {"GITHUB_TOKEN": "x"},
        "trl": {"eos_token": "<end>", "max_tokens": 3},
        "urls": ["http://a:b@c"],
    }
    assert hide_settings(settings) == {
        "headers": {"Authorization": "***", "X-Api-Key": "${K}", "Accept": "json"},
        "environment": {"GITHUB_TOKEN": "***"},
        "trl": {"eos_token": "<end>", "max_tokens": 3},
        "urls": ["http://***@c"],
    }


def test_a_key_of_the_environment_is_hidden_wherever_it_stands(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", KEY)
    monkeypatch.setenv("SHORT_API_KEY", "EMPTY")
    assert hide(f"no such model {KEY}; EMPTY") == "no such model ***; EMPTY"
    assert KEY not in to_toml(resolve({"env_options": {"train_size": 2}, "model": KEY}))


@given(st.text(min_size=8), st.text(), st.text())
def test_no_way_to_write_a_secret_gets_through(secret, before, after):
    encoded = base64.b64encode(secret.encode()).decode()
    for form in (secret, json.dumps(secret)[1:-1], encoded):
        assert form not in cut(before + form + after, [secret]) or form in "***"


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8)


@given(WORDS, WORDS)
def test_what_an_address_holds_is_known(user, password):
    address = f"https://{user}:{password}%40@host/v1"
    assert {password + "%40", password + "@"} <= set(secrets_in(address))
    assert password not in hide(f"cannot reach {address}: {password}@", secrets_in(address))
