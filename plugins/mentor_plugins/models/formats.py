"""Formats: find the parser of a model's calls from its chat template, or check a given one.

With a parser that does not read the model's calls, every call passes for an answer, and training
has no effect. So the template writes a test call, and the parser must read that call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mentor_core.contracts.chat import Chat
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.parsing import CallParser, HermesParser, ParsedTurn, opened_thinking
from mentor_core.contracts.policy import Policy, Student
from mentor_core.contracts.trajectory import Call, ParseFailure
from mentor_core.door.registry import PARSERS, create, load, names
from mentor_core.support.errors import ConfigError, MentorError
from mentor_plugins.models.loading import unseen

__all__ = ["AUTO", "AutoParser", "match_formats", "match_player", "match_student", "parser_name"]

AUTO = "auto"
_PROBE = Call("mentor_probe_0", {"value": 'two words, "quoted"'})


class AutoParser(CallParser):
    """The parser that reads, and writes, calls as the model's chat template writes them.

    A family's own parser is preferred to a generic one. A parser that writes calls in the same way
    is preferred to one that only reads them.

    The parser is Hermes' before a model is known, and for models whose template knows no tools.
    """

    def __init__(self) -> None:
        self.chosen: CallParser = HermesParser()

    def prepare(self, chat: Chat, tools: Sequence[dict[str, Any]]) -> None:
        """Choose.

        Raises:
            ConfigError: no parser reads the template's calls; quotes a call.
        """
        self.chosen = HermesParser() if chat.fallback else _choose(chat, tools)
        self.chosen.prepare(chat, tools)
        self.opening, self.form = self.chosen.opening, self.chosen.form

    def parse(self, text: str) -> ParsedTurn:
        return self.chosen.parse(text)

    def read(self, text: str) -> ParsedTurn:
        return self.chosen.read(text)

    def write(self, content: str, calls: Sequence[Call]) -> str:
        return self.chosen.write(content, calls)

    def complain(self, failure: ParseFailure) -> str:
        return self.chosen.complain(failure)


def match_formats(envs: Sequence[ToolEnv], chat: Chat) -> tuple[Chat, list[str]]:
    """Prepare the environments' parser for a model, and find mismatches.

    Only this function makes a parser and a chat format agree. The parser adapts to the model. The
    chat format shows the parser's form to a model without a format of its own.

    Args:
        envs: environments that share one parser.
        chat: the model's chat format; it is not changed.

    Returns:
        The chat format to use from now on, and notes for the user. Notes are about fallbacks of the
        chat format, differences from the template's own encoding, and calls that the parser does
        not read.

    Raises:
        ConfigError: the parser is "auto", and no parser reads the template's calls.
        ModelError: the parser cannot serve the model.
    """
    parser = envs[0].parser
    tools = [schema for env in envs for schema in env.schemas]
    parser.prepare(chat, tools)
    chat = chat.with_form(parser.form)
    notes = [chat.fallback] if chat.fallback else []
    notes += chat.differences(tools, any(type(env).reply is not ToolEnv.reply for env in envs))
    if not chat.fallback and not _reads(parser, chat):
        notes.append(
            f"{_written(chat)}, which the parser does not read: calls in that form will pass for "
            "answers. parser=auto chooses one that reads them"
        )
    return chat, notes


def match_student(envs: Sequence[ToolEnv], student: Student) -> list[str]:
    """Make the environments' parser and a student's chat format agree; see `match_formats`.

    Returns:
        Notes for the user: mismatches of the chat format, and environments that an embedded student
        has not learnt.
    """
    student.chat, notes = match_formats(envs, student.chat)
    return [*notes, *unseen(student.name, [env.name for env in envs])]


def match_player(envs: Sequence[ToolEnv], player: Policy, student: Student | None) -> list[str]:
    """Make the environments' parser read what a player writes; returns as `match_student`.

    Args:
        student: the player's model; None if the player has its own, or none.

    Raises:
        ConfigError: the parser does not read the player's calls.
    """
    if student is not None:
        return match_student(envs, student)
    if player.parser is not None:
        for env in envs:
            _check_written(env, player.parser())
    return []


def parser_name(parser: CallParser) -> str | None:
    """The registered name of a prepared parser; None if no plugin registered its class."""
    kind = type(parser.chosen if isinstance(parser, AutoParser) else parser)
    for name in names(PARSERS):
        try:
            if load(PARSERS, name) is kind:
                return name
        except MentorError:  # a broken plugin
            continue
    return None


def _check_written(env: ToolEnv, written: CallParser) -> None:
    """Refuse a policy whose calls the environment's parser does not read.

    Raises:
        ConfigError: the parser does not read the calls, which would pass for answers.
    """
    turn = env.parser.parse(written.render("", [_PROBE]))
    if (turn.content, turn.calls, turn.failure) != ("", [_PROBE], None):
        raise ConfigError(
            f"the policy writes calls as {' '.join(written.form.split())}, which the parser "
            "does not read: leave it at parser=auto"
        )


def _choose(chat: Chat, tools: Sequence[dict[str, Any]]) -> CallParser:
    known = [name for name in names(PARSERS) if name != AUTO]
    reading: list[CallParser] = []
    for name in known:
        try:
            parser = create(PARSERS, name)
            parser.prepare(chat, tools)
        except MentorError:  # a broken plugin, or one that cannot serve the model
            continue
        if _reads(parser, chat):
            reading.append(parser)
    if reading:
        text = " ".join((_call_text(chat) or "").split())
        # False comes first; of those alike, the first by name
        return min(reading, key=lambda p: (p.generic, " ".join(_writes(p).split()) not in text))
    raise ConfigError(
        f"{_written(chat)}, which no parser reads ({', '.join(known)}). Write one (hook "
        f"mentor_parsers), or set parser to one of these whose format the model is to learn"
    )


def _writes(parser: CallParser) -> str:
    return parser.write("", [_PROBE])


def _reads(parser: CallParser, chat: Chat) -> bool:
    """True if the parser reads a call, and nothing else, in the template's text of the call."""
    text = _call_text(chat)
    if text is None:
        return False
    turn = parser.parse(text)
    return (turn.content, turn.calls, turn.failure) == ("", [_PROBE], None)


def _call_text(chat: Chat) -> str | None:
    thinking = "I call it." if opened_thinking(chat.opening) else ""
    return chat.turn_text("", [_PROBE], (), thinking)


def _written(chat: Chat) -> str:
    text = _call_text(chat)
    if not text:
        return "the chat template writes a call in a way that could not be found out"
    return f"the chat template writes a call as {text.strip()!r}"
