"""Two models that read the same ids need one vocabulary."""

from __future__ import annotations

from typing import Any

from mentor_core.support.errors import ConfigError

__all__ = ["check_vocabulary"]


def check_vocabulary(what: str, name: str, student: Any, teacher: Any) -> None:
    """Refuse a teacher to whom the student's ids are other tokens.

    Args:
        what: the owner of the option `teacher`, for the start of the message.
        name: the teacher's name.
        student: the student's tokenizer.
        teacher: the teacher's tokenizer.

    Raises:
        ConfigError: the vocabularies differ.
    """
    ours, theirs = student.get_vocab(), teacher.get_vocab()
    if ours != theirs:
        differ = [token for token in ours | theirs if ours.get(token) != theirs.get(token)]
        raise ConfigError(
            f"{what}: the teacher {name!r} has another vocabulary than the student "
            f"({len(differ)} tokens differ, such as {differ[0]!r}); use a teacher of the same "
            "family, or imitate its episodes: mentor teach, then trainer=sft"
        )
