import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import (
    Call,
    Tokens,
    Trajectory,
    Turn,
    format_trajectory,
    iterate_trajectories,
    parse_trajectory,
    read_trajectories,
    whole_text,
    write_trajectories,
)
from mentor_core.support.errors import DataError
from mentor_lab.testing import records, tokens, trajectory_of


def write(path, trajectories):
    with path.open("w", encoding="utf-8") as file:
        write_trajectories(file, trajectories)


@given(st.lists(records(), max_size=3))
def test_what_is_written_is_read_again(trajectories):
    with TemporaryDirectory() as directory:
        path = Path(directory) / "trajectories.jsonl"
        write(path, trajectories)
        assert len(path.read_bytes().splitlines()) == len(trajectories)
        read = read_trajectories(path)
        assert read == trajectories
        for one, other in zip(read, trajectories, strict=True):
            assert one.seconds == other.seconds


def test_compressed_files_and_blank_lines_are_read(tmp_path):
    plain, packed = tmp_path / "t.jsonl", tmp_path / "t.jsonl.gz"
    trajectory = trajectory_of([Call("add", {"a": 1})], "3")
    write(plain, [trajectory])
    packed.write_bytes(gzip.compress(plain.read_bytes() + b"\n" + plain.read_bytes()))
    assert read_trajectories(packed) == [trajectory, trajectory]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"outcome": "good"}, "outcome: "),
        ({"turns": [{"text": 3}]}, r"turns\.0\.text: "),
        ({"end": "tired"}, "end: "),
        ({"rewrd": 1.0}, "rewrd: "),
        ({"schema_version": 99}, "schema_version 99, expected 1 to 3"),
    ],
)
def test_a_broken_line_names_file_line_and_field(tmp_path, change, problem):
    path = tmp_path / "t.jsonl"
    write(path, [trajectory_of("3")])
    row = json.loads(path.read_text())
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(row | change) + "\n")
    with pytest.raises(DataError, match=rf"t\.jsonl:3: {problem}"):
        read_trajectories(path)


def test_the_lines_before_a_broken_one_are_read(tmp_path):
    path = tmp_path / "t.jsonl"
    write(path, [trajectory_of("3")])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"task_id": "torn')
    rows = iterate_trajectories(path)
    assert next(rows).answer == "3"
    with pytest.raises(DataError, match=r"t\.jsonl:2: line: "):
        next(rows)


@pytest.mark.parametrize("name", ["cut.jsonl.gz", "plain.jsonl.gz", "binary.jsonl"])
def test_a_damaged_file_is_a_data_error_that_names_it(tmp_path, name):
    # A download that broke off, or the wrong file, must not end in a traceback.
    write(tmp_path / "t.jsonl", [trajectory_of("3")] * 50)
    packed = gzip.compress((tmp_path / "t.jsonl").read_bytes())
    content = {"c": packed[: len(packed) // 2], "p": b'{"task_id": "a"}\n', "b": b"\x80\xff" * 9}
    (tmp_path / name).write_bytes(content[name[0]])
    with pytest.raises(DataError, match=rf"{name}:\d+: "):
        read_trajectories(tmp_path / name)


@given(st.text(st.characters(exclude_categories=[])))
def test_text_from_anywhere_can_be_made_fit_for_a_file(text):
    fit = whole_text(text)
    assert fit.encode().decode() == fit
    try:
        text.encode()
    except UnicodeEncodeError:
        assert "\N{REPLACEMENT CHARACTER}" in fit or len(fit) < len(text)
    else:
        assert fit == text


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_half_a_character_anywhere_never_stops_the_writing(text):
    """What a model or a server writes must not cost the run what it has played."""
    call = Call(text, {text: [text]}, text)
    turn = Turn(text, [call], observation=[{"role": "tool", "name": text, "content": text}])
    played = Trajectory(text, text, turns=[turn], answer=text, error=text, tools=[text])
    read = parse_trajectory(format_trajectory(played).encode(), "line")
    assert read.turns[0].text == read.answer == whole_text(text)


def test_a_missing_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_trajectories(tmp_path / "missing.jsonl")


pieces = st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 9), max_size=4)), max_size=6)


@given(pieces)
def test_spans_masks_and_ids_add_up(pieces):
    record = Tokens(prompt=[1, 2])
    end = 0
    for sampled, ids in pieces:
        logprobs = [-0.5] * len(ids)
        span = record.add_sampled(ids, logprobs) if sampled else record.add_written(ids)
        assert span == (end, end + len(ids))
        end += len(ids)
        assert record.completion[slice(*span)] == ids
        assert record.mask[slice(*span)] == [int(sampled)] * len(ids)
        assert record.logprobs[slice(*span)] == (logprobs if sampled else [0.0] * len(ids))
    assert record.prompt == [1, 2]
    assert sum(record.mask) == sum(len(ids) for sampled, ids in pieces if sampled)


@given(tokens())
def test_token_records_have_lists_of_one_length(record):
    assert len(record.completion) == len(record.logprobs) == len(record.mask)


def test_sampled_tokens_need_a_probability_each():
    record = Tokens(prompt=[])
    with pytest.raises(ValueError, match="2 sampled tokens but 1"):
        record.add_sampled([1, 2], [0.0])
    assert record.completion == []
