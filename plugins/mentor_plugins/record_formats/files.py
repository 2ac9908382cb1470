"""Files of rows: read and written a row at a time, in any record format.

A row that cannot be read becomes an `Unread`, with its place and the reason; all others are read.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from mentor_core.contracts.record_format import RecordFormat
from mentor_core.contracts.trajectory import Trajectory, whole_text
from mentor_core.support.errors import ConfigError, DataError, RowError
from mentor_core.support.user_code import reason
from mentor_plugins.record_formats.scrub import scrub_trajectory, scrub_value

__all__ = ["Unread", "Where", "Written", "read_file", "read_rows", "write_file"]

_CHUNK = 1 << 16  # bytes of a JSON list that are read at a time
_SLACK = 16  # characters from the end in which a JSON error may come from the end itself
_UNREADABLE = (OSError, EOFError, zlib.error)


class Where(NamedTuple):
    """The place of a row: the number of its line, or of the row in files without lines."""

    file: str
    number: int
    unit: Literal["line", "row"] = "line"

    def __str__(self) -> str:
        if self.unit == "line":
            return f"{self.file}:{self.number}"
        return f"{self.file}: row {self.number}"


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that holds no trajectory, or a trajectory that could not be written.

    Attributes:
        where: the row's place; for an unwritten trajectory, its number.
        why: the reason, in the same words for all rows of a kind.
    """

    where: Where
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


@dataclass(slots=True)
class Written:
    """The result of `write_file`: number of trajectories written, and those refused."""

    count: int = 0
    refused: list[Unread] = field(default_factory=list)


def read_rows(path: Path) -> Iterator[tuple[Where, Mapping[str, Any] | RowError]]:
    """The rows of a file, one at a time; the reason in place of an unreadable row.

    Args:
        path: JSON lines; a JSON list, if the name has .json; both gzip-compressed, if the name ends
            in .gz. Parquet, and a folder with a data set of the Hugging Face Hub, or one that
            `datasets` saved, are read by `datasets`.

    Raises:
        DataError: there is no such file, or no data set in the folder.
        ConfigError: `datasets` is needed and not installed.
    """
    if path.is_dir() or path.suffix == ".parquet":
        yield from _data_set(path)
        return
    try:
        file: IO[bytes] = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[assignment]  # noqa: SIM115
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    with file:
        if ".json" in path.suffixes and _first_character(path) == b"[":
            yield from _list(path, file)
        else:
            yield from _lines(path, file)


def read_file(path: Path, record_format: RecordFormat) -> Iterator[Trajectory | Unread]:
    """The trajectories of a file, one at a time, in the order of its rows.

    Args:
        path: as for `read_rows`.
        record_format: how the rows are written.

    Raises:
        DataError: as for `read_rows`.
        ConfigError: the format is written only; or as for `read_rows`.
    """
    if not record_format.holds:
        raise ConfigError(f"record format {type(record_format).__name__}: it is written only")
    for where, row in read_rows(path):
        if isinstance(row, RowError):
            yield Unread(where, str(row))
            continue
        try:
            trajectory = record_format.read(row)
        except RowError as error:
            yield Unread(where, str(error))
        except DataError:  # of a file that the format itself needs
            raise
        except Exception as error:  # noqa: BLE001 - a fault of a format costs its row only
            yield Unread(where, f"the format broke: {reason(error)}")
        else:
            yield trajectory


def write_file(
    path: Path,
    trajectories: Iterable[Trajectory],
    record_format: RecordFormat,
    *,
    tools: Sequence[dict[str, Any]] = (),
    scrub: bool = False,
) -> Written:
    """Write trajectories as JSON lines, one row each.

    The file takes its name only when it is whole. A file whose name ends in .gz is compressed. For
    a format with `session_files` the path is a folder, and each trajectory a file in it.

    Args:
        path: the file, which is replaced if it exists.
        trajectories: taken one at a time.
        record_format: how to write them.
        tools: JSON schemas of the tools, for formats that hold them.
        scrub: replace secrets and personal data, and leave token ids out (see `scrub`).

    Raises:
        DataError: the file cannot be written.
    """
    written = Written()
    tools = scrub_value(list(tools)) if scrub else tools
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if record_format.session_files:
            path.mkdir(exist_ok=True)
            for number, lines in _written(path, trajectories, record_format, tools, scrub, written):
                with _whole_file(path / f"{number:06d}.jsonl") as stream:
                    stream.writelines(lines)
            return written
        with _whole_file(path) as stream:
            for _, lines in _written(path, trajectories, record_format, tools, scrub, written):
                stream.writelines(lines)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
    return written


def _written(
    path: Path,
    trajectories: Iterable[Trajectory],
    record_format: RecordFormat,
    tools: Sequence[dict[str, Any]],
    scrub: bool,
    written: Written,
) -> Iterator[tuple[int, list[str]]]:
    """The number and the lines of each trajectory that the format can hold."""
    for number, trajectory in enumerate(trajectories, 1):
        own = scrub_trajectory(trajectory) if scrub else trajectory
        try:
            rows = record_format.write(own, tools)
            lines = [_line(row) for row in (rows if isinstance(rows, list) else [rows])]
        except RowError as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 - a fault of a format costs its row only
            why = f"the format broke: {reason(error)}"
        else:
            written.count += 1
            yield number, lines
            continue
        written.refused.append(Unread(Where(str(path), number, "row"), why))


def _line(row: Mapping[str, Any]) -> str:
    return whole_text(json.dumps(row, ensure_ascii=False)) + "\n"


@contextmanager
def _whole_file(path: Path) -> Iterator[io.TextIOBase]:
    """A file to write, which takes its name once it is whole."""
    part = path.with_name(f".{path.name}.part")
    packed = path.suffix == ".gz"
    try:
        with (
            gzip.open(part, "wt", encoding="utf-8")
            if packed
            else part.open("w", encoding="utf-8") as stream
        ):
            yield stream
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _first_character(path: Path) -> bytes:
    """The first character of a file that is no space; empty if there is none."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            while block := file.read(_CHUNK):
                if text := block.removeprefix(codecs.BOM_UTF8).lstrip():
                    return bytes(text[:1])
    except _UNREADABLE:  # reported when the rows are read
        pass
    return b""


def _lines(path: Path, file: IO[bytes]) -> Iterator[tuple[Where, Mapping[str, Any] | RowError]]:
    number = 0
    try:
        for number, line in enumerate(file, 1):
            if text := line.removeprefix(codecs.BOM_UTF8).strip():
                yield Where(str(path), number), _row(text)
    except _UNREADABLE as error:
        damaged = RowError(f"the file is damaged from here on: {reason(error)}")
        yield Where(str(path), number + 1), damaged


def _row(text: bytes) -> Mapping[str, Any] | RowError:
    try:
        return _checked(json.loads(text.decode()))
    except UnicodeDecodeError:
        return RowError("not UTF-8")
    except (ValueError, RecursionError):
        return RowError("not JSON")


def _checked(value: Any) -> Mapping[str, Any] | RowError:
    return value if isinstance(value, dict) else RowError("not a JSON object")


def _list(path: Path, file: IO[bytes]) -> Iterator[tuple[Where, Mapping[str, Any] | RowError]]:
    """The items of a JSON list, of which only a part is in memory at a time."""
    number = 1
    try:
        for number, value in enumerate(_items(file), 1):
            yield Where(str(path), number, "row"), _checked(value)
        return
    except UnicodeDecodeError:
        why = "not UTF-8 from here on"
    except (ValueError, RecursionError) as error:
        why = f"not JSON from here on: {reason(error)}"
    except _UNREADABLE as error:
        why = f"the file is damaged from here on: {reason(error)}"
    yield Where(str(path), number + 1, "row"), RowError(why)


def _items(file: IO[bytes]) -> Iterator[Any]:
    read = codecs.getincrementaldecoder("utf-8-sig")()
    decoder = json.JSONDecoder()
    buffer, chunk, ended, opened = "", _CHUNK, False, False
    while True:
        buffer = buffer.lstrip()
        if buffer and not opened:
            buffer, opened = buffer[1:].lstrip(), True
            if buffer[:1] == "]":
                return
        if buffer and opened:
            try:
                value, end = decoder.raw_decode(buffer)
                after = buffer[end:].lstrip()[:1]
            except json.JSONDecodeError as error:
                cut_off = error.pos >= len(buffer) - _SLACK or error.msg.startswith("Unterminated")
                if ended or not cut_off:
                    raise
                after = ""
            if after:
                yield value
                if after not in ",]":
                    raise ValueError("neither a comma nor the list's end follows")
                buffer, chunk = buffer[buffer.index(after, end) + 1 :], _CHUNK
                if after == "]":
                    return
                continue
        if ended:
            raise ValueError("the list does not end")
        more = file.read(chunk)
        chunk *= 2  # so that a large item is not tried too often
        buffer, ended = buffer + read.decode(more, final=not more), not more


def _data_set(path: Path) -> Iterator[tuple[Where, Mapping[str, Any] | RowError]]:
    try:
        import datasets
    except ImportError:
        raise ConfigError(f"{path}: needs `pip install datasets`") from None
    if not path.exists():
        raise DataError(f"{path}: No such file or directory")
    try:
        if path.is_file():
            loaded = datasets.load_dataset("parquet", data_files=str(path), streaming=True)
        elif (path / "state.json").exists() or (path / "dataset_dict.json").exists():
            loaded = datasets.load_from_disk(str(path))
        else:
            loaded = datasets.load_dataset(str(path), streaming=True)
        splits = loaded if isinstance(loaded, dict) else {"": loaded}
    except Exception as error:  # libraries raise anything: passed on, with the path
        raise DataError(f"{path}: not a data set: {reason(error)}") from error
    number = 0
    for split, rows in splits.items():
        where = f"{path}[{split}]" if len(splits) > 1 else str(path)
        number = 0
        try:
            for number, row in enumerate(rows, 1):
                yield Where(where, number, "row"), _checked(row)
        except Exception as error:  # noqa: BLE001 - what a library raises on a damaged file
            damaged = RowError(f"the data set is damaged from here on: {reason(error)}")
            yield Where(where, number + 1, "row"), damaged
