"""What is given to others has no secrets and no personal data of the usual shapes."""

import json

import pytest
from hypothesis import given, settings

from mentor_core import Call, HermesParser, Tokens, Trajectory, Turn
from mentor_lab.testing import records
from mentor_plugins.record_formats.scrub import scrub_text, scrub_trajectory, scrub_value

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("ask ann.lee+x@mail.example.co.uk now", "ask [email] now"),
        ("key sk-proj-" + "a1B2" * 8 + ".", "key ***."),
        ("hf_" + "aB3" * 10, "***"),
        ("ghp_" + "aB3" * 12, "***"),
        ("AKIA" + "ABCD1234" * 2, "***"),
        (f"Authorization: Bearer {'abc.DEF-' * 4}", "Authorization: Bearer ***"),
        (f"token {JWT}!", "token ***!"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----", "***"),
        ("call +49 170 1234567 or (555) 123-4567", "call [phone] or [phone]"),
        ("call 555-123-4567.", "call [phone]."),
        ("in /home/ann/src and /Users/ann.lee/x", "in /home/user/src and /Users/user/x"),
        (r"in C:\Users\ann\x", r"in C:\Users\user\x"),
        ("https://ann:hunter22@example.com/x", "https://***@example.com/x"),
    ],
)
def test_secrets_and_personal_data_are_replaced(text, clean):
    assert scrub_text(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "3 + 12345678 = 12345681",
        "2026-11-25 10:20:30, 192.168.100.200, 978-3-16-148410-0",
        "1,000,000.50 and 0.123456789 and 1234567890123",
        "x@y, @decorator, sk-learn-contrib-project, hf_hub, /homes/ann, desk-top-computers",
        "4*(100-200)-3000",
    ],
)
def test_what_looks_alike_stays(text):
    assert scrub_text(text) == text


def test_secrets_of_the_environment_are_hidden(monkeypatch):
    monkeypatch.setenv("SHOP_API_KEY", "hunter2hunter2")
    assert scrub_text("the key is hunter2hunter2") == "the key is ***"


def test_values_of_secret_keys_are_hidden_and_no_key_is_lost():
    value = {"password": "hunter2", "a@b.com": 1, "c@d.com": [{"to": "a@b.com"}]}
    assert scrub_value(value) == {
        "password": "***",
        "[email]": 1,
        "[email]'": [{"to": "[email]"}],
    }


def test_calls_in_a_turns_text_stay_calls():
    """Written as JSON, a line feed before an address is a backslash and an n."""
    calls = [
        Call("mail", {"body": "hi\nann@example.com", "api_key": "hunter2"}, "sent\nto a@b.com")
    ]
    text = HermesParser().render("To ann@example.com:", calls)
    told = Trajectory(
        "t", "", turns=[Turn(text, calls, span=(0, 3))], tokens=Tokens([1], [2], [0.0], [1])
    )
    (turn,) = scrub_trajectory(told).turns
    assert HermesParser().parse(turn.text).calls == [Call("mail", turn.calls[0].arguments)]
    assert turn.calls[0].arguments == {"body": "hi\n[email]", "api_key": "***"}
    assert "ann" not in json.dumps([turn.text, turn.calls[0].result])
    assert told.turns[0].calls == calls


def test_results_that_are_json_text_stay_json():
    key = "sk-" + "a1B2" * 8
    result = json.dumps({"body": f"hi\nann@example.com\t555-123-4567\n{key}\n/home/ann/x"})
    assert json.loads(scrub_text(result)) == {"body": "hi\n[email]\t[phone]\n***\n/home/user/x"}


def test_token_ids_say_what_the_text_said_and_are_left_out():
    told = Trajectory("t", "", tokens=Tokens([1, 2]))
    assert scrub_trajectory(told).tokens is None


@settings(deadline=None)
@given(records())
def test_scrubbing_changes_nothing_else(trajectory):
    scrubbed = scrub_trajectory(trajectory)
    assert scrub_trajectory(scrubbed) == scrubbed
    assert [[c.name for c in t.calls] for t in scrubbed.turns] == [
        [c.name for c in t.calls] for t in trajectory.turns
    ]
    assert scrubbed.scores == trajectory.scores
