"""Taught tokens: a teacher's trajectory as the student would have written it.

The teacher's turns are rendered in the student's own format, with the same prompt and suffixes as
in a rollout. So imitation and reinforcement train the same conversations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mentor_core.contracts.chat import Chat
from mentor_core.contracts.parsing import CallParser
from mentor_core.contracts.trajectory import Tokens, Trajectory
from mentor_core.play.rewriting import rewritten
from mentor_core.support.errors import DataError

__all__ = ["Row", "as_row", "taught_tokens"]

Row = dict[str, list[int]]
"""`input_ids` and `labels` of one episode, of one length; −100: no loss."""


def as_row(record: Tokens, kind: int) -> Row:
    """An episode for maximum likelihood: its tokens of one kind of `Tokens.mask` are imitated."""
    labels = [
        token if own == kind else -100
        for token, own in zip(record.completion, record.mask, strict=True)
    ]
    return {
        "input_ids": record.prompt + record.completion,
        "labels": [-100] * len(record.prompt) + labels,
    }


def taught_tokens(
    chat: Chat,
    parser: CallParser,
    trajectory: Trajectory,
    schemas: Sequence[dict[str, Any]],
    skip: int = 0,
) -> Tokens:
    """The token record of a teacher's episode for a student.

    Args:
        chat: the student's chat format.
        parser: the environment's parser of the student's calls.
        trajectory: the episode; its turns give calls and texts.
        schemas: schemas of the episode's tools.
        skip: number of turns at the start that are not taught. The episode's own token record, if
            there is one, has their ids and the ids of their observations.

    Returns:
        Mask 2 on the teacher's turns, each with the token that ends it, and 0 elsewhere.
        There are no log-probabilities: they are 0.0.

    Raises:
        DataError: a turn cannot be written in the student's format; names the turn and the reason.
    """
    record, written = Tokens(chat.prompt_ids(trajectory.prompt, schemas)), 0
    if skip and trajectory.tokens is not None:
        record, written = Tokens(trajectory.tokens.prompt), skip
        record.add_written(trajectory.tokens.completion)
    for number, turn in enumerate(trajectory.turns[written:], written + 1):
        where = f"task {trajectory.task_id!r}, turn {number}"
        text = rewritten(turn, parser, where)
        ids = chat.turn_ids(text, turn.calls)
        if any(token in chat.end_ids for token in ids[:-1]):
            raise DataError(f"{where}: the turn contains the text of a token that ends a turn")
        record.add_written(ids) if number <= skip else record.add_taught(ids)
        if number < len(trajectory.turns):
            record.add_written(chat.suffix_ids(turn.observation))
    return record
