"""Trajectory: the one record that rollouts write and everything else reads.

Rollouts, teachers and experts write trajectories. Reward terms, SFT, evaluation, `mentor show` and
reports read them. On disk, a trajectory is one JSON object a line (`write_trajectories`).
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from mentor_core.contracts.provenance import Provenance, Usage
from mentor_core.support.errors import DataError
from mentor_core.support.validation import problems

__all__ = [
    "SCHEMA_VERSION",
    "Call",
    "CallFailure",
    "EndReason",
    "Message",
    "ParseFailure",
    "Source",
    "Tokens",
    "Trajectory",
    "Turn",
    "format_trajectory",
    "iterate_trajectories",
    "open_text",
    "parse_trajectory",
    "read_trajectories",
    "whole_text",
    "write_trajectories",
]

SCHEMA_VERSION = 3
"""Version 2 has no `Tokens.advantages`; version 1 has no `Trajectory.provenance` and no
`Turn.usage`, either. Both are still read."""

EndReason = Literal[
    "answered",  # the policy gave its final answer
    "finished",  # the environment ended the episode by its own rules (a purchase, say)
    "turn_limit",
    "token_limit",  # a turn, or the episode, ran out of tokens
    "time_limit",  # the episode ran out of wall time
    "policy_stopped",  # the policy said nothing at all
    "error",  # the environment or the policy broke; see Trajectory.error
]
Source = Literal["student", "teacher", "expert", "spliced"]
ParseFailure = Literal[
    "malformed_json",  # what stands in the place of a call is not JSON
    "malformed_call",  # it is JSON but no call, or its marks do not match
    "no_call",  # a call's marks with nothing between them
    "too_deep",  # its arguments are nested too deeply to be kept
    "unclosed_thinking",  # the turn ended before its thinking did
]
CallFailure = Literal["unknown_tool", "bad_arguments", "tool_error", "timeout", "refused"]
Outcome = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Message(TypedDict):
    """A chat message, as chat templates and OpenAI-compatible servers expect it."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    name: NotRequired[str]


@dataclass(slots=True)
class Call:
    """One tool call of one turn, and its result.

    Attributes:
        name: the tool's name as the policy wrote it; a renamed tool (`Offered`) has its own name.
        arguments: the arguments object as the policy wrote it; a renamed tool has its own names of
            parameters.
        result: the text that the policy was shown, also if the call failed.
        failure: why the call was not carried out; None if it was.
        key: canonical form of the call, equal for calls that mean the same (add(1, 2) and add(2,
            1), say). None if the environment declares none.
        seconds: wall time of the execution.
    """

    name: str
    arguments: dict[str, Any]
    result: str = ""
    failure: CallFailure | None = None
    key: str | None = None
    seconds: float = field(default=0.0, compare=False)


@dataclass(slots=True)
class Turn:
    """One assistant turn and the messages it caused.

    Attributes:
        text: the policy's text, without the end-of-turn token.
        calls: the tool calls parsed from the text, in order.
        parse_failure: why the text, or a call in it, could not be read; None if all could.
        complete: the policy ended the turn itself (False: out of tokens).
        observation: messages that the environment added after the turn.
        span: [start, end) of the sampled tokens, counted from the first completion token.
        seconds: wall time of generation.
        usage: the server's counts; None if no server wrote the turn.
    """

    text: str
    calls: list[Call] = field(default_factory=list)
    parse_failure: ParseFailure | None = None
    complete: bool = True
    observation: list[Message] = field(default_factory=list)
    span: tuple[int, int] | None = None
    seconds: float = field(default=0.0, compare=False)
    usage: Usage | None = field(default=None, compare=False)


@dataclass(slots=True)
class Tokens:
    """Token record of an episode; `completion`, `logprobs` and `mask` have the same length T.

    Attributes:
        prompt: ids of the rendered prompt (system, tools, task, generation prompt).
        completion: all ids after the prompt, sampled or written by the environment.
        logprobs: behaviour log-probability in nats of each sampled token under the sampling
            distribution; 0.0 on tokens that the environment wrote.
        mask: 1 on sampled tokens, 0 on tokens that the environment wrote, 2 on a teacher's tokens.
            A teacher's tokens may be imitated and are never on-policy.
        advantages: the credit's advantage of each of the T tokens, to four decimals; empty if the
            episode was not trained on by advantages.
    """

    prompt: list[int]
    completion: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    advantages: list[float] = field(default_factory=list)

    def add_sampled(self, ids: list[int], logprobs: list[float]) -> tuple[int, int]:
        """Append sampled tokens; returns their span.

        Raises:
            ValueError: `ids` and `logprobs` differ in length.
        """
        if len(ids) != len(logprobs):
            raise ValueError(f"{len(ids)} sampled tokens but {len(logprobs)} log-probabilities")
        return self._add(ids, logprobs, 1)

    def add_written(self, ids: list[int]) -> tuple[int, int]:
        """Append tokens that the environment wrote; returns their span."""
        return self._add(ids, [0.0] * len(ids), 0)

    def add_taught(self, ids: list[int]) -> tuple[int, int]:
        """Append tokens that a teacher wrote; returns their span."""
        return self._add(ids, [0.0] * len(ids), 2)

    def _add(self, ids: list[int], logprobs: list[float], mask: int) -> tuple[int, int]:
        start = len(self.completion)
        self.completion += ids
        self.logprobs += logprobs
        self.mask += [mask] * len(ids)
        return start, len(self.completion)


@dataclass(slots=True)
class Trajectory:
    """One episode: its player and task, its turns, and its end.

    Attributes:
        task_id, env: the task and the environment it was played in.
        source: student (on-policy), teacher or expert (reference), spliced.
        prompt: the messages the episode opened with.
        turns: see `Turn`.
        end: why the episode ended; None while it runs.
        answer: the final answer the policy submitted, None if it never did.
        outcome: `ToolEnv.verify` in [0, 1]; None if not verified.
        tools: names of the tools the policy could call.
        tokens: token record; None if the policy has no tokens.
        seed: the episode's own seed.
        group: index of the group (same task, same policy) within its batch.
        policy_version: optimizer steps the policy had seen.
        id, parent_id: set if a trajectory derives from another.
        replayed: number of replayed turns at the start of the episode.
        error: the exception, if `end` is error.
        scores: name of a reward term → score; None if not scored.
        reward: composed reward; None if not scored.
        provenance: player, time, settings and cost; None if not recorded.
    """

    task_id: str
    env: str
    source: Source = "student"
    prompt: list[Message] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    end: EndReason | None = None
    answer: str | None = None
    outcome: Outcome | None = None
    tools: list[str] = field(default_factory=list)
    tokens: Tokens | None = None
    seed: int | None = None
    group: int | None = None
    policy_version: int | None = None
    id: str | None = None
    parent_id: str | None = None
    replayed: Annotated[int, Field(ge=0)] = 0
    error: str | None = None
    scores: dict[str, float | None] = field(default_factory=dict)
    reward: float | None = None
    provenance: Provenance | None = field(default=None, compare=False)
    schema_version: int = SCHEMA_VERSION

    @property
    def task_key(self) -> tuple[str, str]:
        """`Task.key` of the task."""
        return self.env, self.task_id

    @property
    def calls(self) -> list[Call]:
        """All calls of the episode, in order."""
        return [call for turn in self.turns for call in turn.calls]

    @property
    def usage(self) -> Usage | None:
        """The server's counts over all turns; None if no server wrote a turn."""
        counted = [turn.usage for turn in self.turns if turn.usage is not None]
        return sum(counted, Usage()) if counted else None

    @property
    def seconds(self) -> float:
        """Wall time spent on generation and tools."""
        return sum(turn.seconds + sum(call.seconds for call in turn.calls) for turn in self.turns)


setattr(Trajectory, "__pydantic_config__", ConfigDict(extra="forbid"))  # noqa: B010
_ADAPTER: TypeAdapter[Trajectory] = TypeAdapter(Trajectory)


def open_text(path: Path) -> io.TextIOBase:
    """Open a text file for reading; a file whose name ends in .gz is decompressed.

    A byte order mark, which editors on Windows write, is not part of the text.

    Raises:
        DataError: the file does not exist, or cannot be opened.
    """
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8-sig")
        return path.open(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error


def whole_text(text: str) -> str:
    """The text, with U+FFFD for each half of a character (a lone surrogate).

    Names of files and foreign JSON can have halves; no file and no tokenizer takes them.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def write_trajectories(file: io.TextIOBase, trajectories: Iterable[Trajectory]) -> None:
    """Write one JSON object a line."""
    file.writelines(format_trajectory(trajectory) for trajectory in trajectories)


def format_trajectory(trajectory: Trajectory) -> str:
    """The line that holds a trajectory, with its line feed."""
    try:
        return _ADAPTER.dump_json(trajectory).decode() + "\n"
    except PydanticSerializationError:  # half a character somewhere, which no file takes
        return json.dumps(_whole(_ADAPTER.dump_python(trajectory)), ensure_ascii=False) + "\n"


def _whole(value: Any) -> Any:
    """A JSON value with `whole_text` of all its strings, keys among them."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, dict):
        return {whole_text(str(key)): _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return value


def parse_trajectory(line: str | bytes, where: str) -> Trajectory:
    """The trajectory that a line holds, after an optional byte order mark.

    Raises:
        DataError: the line holds no trajectory; begins with `where` and names the field.
    """
    line = line.removeprefix(BOM_UTF8) if isinstance(line, bytes) else line.removeprefix("\ufeff")
    try:
        trajectory = _ADAPTER.validate_json(line)
    except ValidationError as error:
        first, *_ = problems(error)
        raise DataError(f"{where}: {first.key or 'line'}: {first.text}") from None
    if not 1 <= trajectory.schema_version <= SCHEMA_VERSION:
        raise DataError(
            f"{where}: schema_version {trajectory.schema_version}, expected 1 to {SCHEMA_VERSION}"
        )
    trajectory.schema_version = SCHEMA_VERSION
    return trajectory


def iterate_trajectories(path: Path) -> Iterator[Trajectory]:
    """Read trajectories one by one, in constant memory.

    Raises:
        DataError: a line is not a trajectory, or the file is damaged; names file, line, field.
    """
    number = 0
    try:
        with open_text(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield parse_trajectory(line, f"{path}:{number}")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path}:{number + 1}: cannot be read: {error}") from error


def read_trajectories(path: Path) -> list[Trajectory]:
    """`iterate_trajectories` as a list."""
    return list(iterate_trajectories(path))
