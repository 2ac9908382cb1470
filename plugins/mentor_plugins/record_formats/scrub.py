"""Scrub: trajectories without secrets and personal data, to be given to others.

    secrets (see `mentor_core.support.redaction`), keys and tokens     ***
    e-mail addresses                                                   [email]
    telephone numbers, written with a + or as 555-123-4567             [phone]
    the user's name in /home/NAME, /Users/NAME, C:\\Users\\NAME        user

Patterns find nothing else: other personal data (a name, an address, a number that is no text)
stays. Token ids encode the text, and are left out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.trajectory import Message, Trajectory, Turn
from mentor_core.support.redaction import HIDDEN, hide
from mentor_plugins.record_formats.conversation import bare, said_beside_calls
from mentor_toolkit.scripts import said_in
from mentor_toolkit.secrets import hide_settings

__all__ = ["scrub_text", "scrub_trajectory", "scrub_value"]

_START = r"(?:(?<!\w)|(?<=\\[nrt]))"  # of a word, also after a line feed in JSON text
_KEYS = re.compile(
    rf"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.{{0,10000}}?-----END\ [A-Z ]*PRIVATE\ KEY-----
    | (?<=Bearer\ )[\w.~+/-]{{16,}}=*
    | {_START}(?:
        eyJ[\w-]{{8,}}\.[\w-]{{8,}}\.[\w-]*              # a JSON Web Token
        | (?:sk|pk|rk)[-_](?=[\w-]*\d)[\w-]{{16,}}       # OpenAI, Anthropic, Stripe
        | hf_[A-Za-z0-9]{{16,}}                          # Hugging Face
        | (?:gh[pousr]_|github_pat_|glpat-)[\w-]{{16,}}  # GitHub, GitLab
        | xox[abeoprs]-[\w-]{{10,}}                      # Slack
        | A(?:KIA|SIA)[0-9A-Z]{{16}}\b                   # Amazon
        | AIza[\w-]{{30,}}                               # Google
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_EMAIL = re.compile(r"(?<!\\)[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_PHONE = re.compile(
    rf"{_START}(?<![.)+-])(?:\+[1-9]\d{{0,2}}(?:[ .-]?\(?\d{{1,4}}\)?){{2,5}}"
    r"|\(\d{3}\)[ ]?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4})(?![\w-])"
)
_LEAST_DIGITS = 8
_HOME = re.compile(
    rf"({_START}(?<!\.)/(?:home|Users)/"
    r"|[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))[\w.-]+"
)
_HERMES = HermesParser()


def scrub_trajectory(trajectory: Trajectory) -> Trajectory:
    """A copy of the trajectory without secrets and personal data."""
    return replace(
        trajectory,
        prompt=[_message(message) for message in trajectory.prompt],
        turns=[_turn(turn) for turn in trajectory.turns],
        answer=scrub_value(trajectory.answer),
        error=scrub_value(trajectory.error),
        tokens=None,
    )


def scrub_value(value: Any) -> Any:
    """A JSON value without secrets and personal data; values of keys named as secret are hidden."""
    return _walk(hide_settings(value)) if isinstance(value, dict | list) else _walk(value)


def scrub_text(text: str) -> str:
    """A text without secrets and personal data."""
    text = _KEYS.sub(HIDDEN, hide(text))
    text = _EMAIL.sub("[email]", text) if "@" in text else text
    text = _HOME.sub(r"\1user", text)
    return _PHONE.sub(_without_phone, text)


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, list):
        return [_walk(each) for each in value]
    if not isinstance(value, dict):
        return value
    scrubbed: dict[str, Any] = {}
    for key, each in value.items():
        own = scrub_text(key)
        while own in scrubbed:  # two keys that differed in what is personal only
            own += "'"
        scrubbed[own] = _walk(each)
    return scrubbed


def _message(message: Message) -> Message:
    return cast(Message, {**message, "content": scrub_text(message["content"])})


def _turn(turn: Turn) -> Turn:
    calls = [
        replace(
            call,
            arguments=scrub_value(call.arguments),
            result=scrub_text(call.result),
            key=scrub_value(call.key),
        )
        for call in turn.calls
    ]
    beside = said_beside_calls(turn)
    text = scrub_text(beside)
    if beside != turn.text:  # calls stand in the text: they are written anew, as JSON
        said = said_in(text)
        text = text.removesuffix(said) + _HERMES.render(said, bare(calls))
    observation = [_message(message) for message in turn.observation]
    return replace(turn, text=text, calls=calls, observation=observation, span=None)


def _without_phone(match: re.Match[str]) -> str:
    return "[phone]" if sum(map(str.isdigit, match[0])) >= _LEAST_DIGITS else match[0]
